import Logging
import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletPolicy
import MartletProxy
import MartletVault
import OAuthClient
import UnixSignals

/// The whole program behind `martlet serve`: opens the installation, assembles both planes, listens, and stops in
/// order.
public struct GatewayApplication: Sendable {
  let options: ServeOptions
  let installation: Installation
  let snapshots: SnapshotHolder
  let server: AuthorizationServer
  let gateway: Gateway
  let vault: Vault
  let notices: WebhookNotices
  let quotas: DailyQuotas
  let planes: Planes
  let door: FrontDoor
  let tls: TLSFiles?
  let health: Health
  let shipping: TrailShipping
  let logger: Logger

  /// Runs until told to stop.
  ///
  /// - Parameters:
  ///   - options: What the command line says.
  ///   - announce: Gets what a person should read once Martlet listens.
  /// - Throws: `ConfigurationProblems` or `InstallationError`; nothing was started then.
  public static func run(_ options: ServeOptions, announce: @Sendable (String) -> Void) async throws {
    OpenFiles.allowMost()
    // One that comes while everything is opened is about what was read just before.
    let reloads = await UnixSignalsSequence(trapping: .sighup)
    let application = try await start(options)
    let firstPassword =
      options.configurationFile == nil
      ? try await FirstUser(installation: application.installation).makeIfNobodyExists() : nil
    // Whoever hears that it is ready may tell it something at once.
    let stops = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    application.health.note(.listener, isWell: true)
    announce(StartMessage(snapshot: application.snapshots.current, firstPassword: firstPassword).text)
    StartMemory.giveBack()
    await ServiceLoop(application: application, reloads: reloads, stops: stops).run()
  }

  private static func start(_ options: ServeOptions) async throws -> GatewayApplication {
    let configuration = try await options.load()
    MartletLogging.bootstrap(format: configuration.logFormat, level: configuration.logLevel)
    let logger = Logger(label: "martlet")
    let lifetime = configuration.tokens.accessLifetime
    let installation = try await Installation.open(
      dataDirectory: configuration.dataDirectory, masterKey: configuration.masterKey, accessLifetime: { lifetime })
    if installation.wrappedKeys != nil, MasterKeyFile.lies(in: configuration.dataDirectory) {
      logger.warning("master.key isn't used any more: keep a copy where backups are kept, and remove it from data_dir")
    }
    let follower = RevocationFollower(
      store: installation.store, index: installation.revocations, clock: installation.clock, logger: logger)
    do {
      if let doubt = try await ClockCheck(keys: installation.store).check(at: installation.clock.now()) {
        logger.warning("\(doubt)")
      }
      try await follower.catchUp()
      try await installation.signingKeys.load()
    } catch let error as InstallationError {
      throw error
    } catch {
      throw InstallationError(
        "the database in \(configuration.dataDirectory) can't be read: \(error)",
        advice: "Check that no other program holds it, and that master.key belongs to it.")
    }
    return try await Assembly(
      options: options, configuration: configuration, installation: installation, logger: logger
    ).assemble()
  }
}
