import ArgumentParser
import MartletDomain
import MartletServer

/// What every command that works on an installation can be told.
struct InstallationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The configuration file (martlet.yaml where it exists).", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("data-dir"),
    help: ArgumentHelp("The folder of database and master key, instead of the file's data_dir.", valueName: "folder"))
  var dataDirectory: String?

  @Flag(help: "Answer in JSON, for scripts.")
  var json = false

  /// The configuration; without a file, the defaults. Secrets in it may be missing where a command uses none.
  func configuration(requiringSecrets: Bool = false) throws(ConfigurationProblems) -> Configuration {
    var configuration =
      if let file = ConfigurationChoice.file(named: config) {
        try ConfigurationFile.load(file, requiresSecrets: requiringSecrets)
      } else {
        try Configuration.withoutFile(upstream: nil)
      }
    if let dataDirectory { configuration.dataDirectory = dataDirectory }
    return configuration
  }

  /// The same with its secrets, fetched where a manager keeps them.
  private func configurationWithSecrets() async throws(ConfigurationProblems) -> Configuration {
    guard let file = ConfigurationChoice.file(named: config) else { return try configuration() }
    var configuration = try await ConfigurationFile.load(file, fetching: RemoteSecrets(clock: SystemClock()))
    if let dataDirectory { configuration.dataDirectory = dataDirectory }
    return configuration
  }

  /// The configuration with its master key, wherever that is kept; other secrets may be missing.
  func openable(requiringSecrets: Bool = false) async throws(ConfigurationProblems) -> Configuration {
    if requiringSecrets { return try await configurationWithSecrets() }
    let configuration = try configuration()
    if case .unread = configuration.masterKey { return try await configurationWithSecrets() }
    return configuration
  }

  /// Works on accounts at servers, with the secrets that can be had: a manager that doesn't answer keeps nothing from being
  /// taken away here.
  func desk(_ installation: Installation, _ configuration: Configuration) async -> ConnectionDesk? {
    try? ConnectionDesk(
      installation: installation, configuration: (try? await configurationWithSecrets()) ?? configuration)
  }

  /// Opens the installation for one piece of work, and closes it whatever happens.
  ///
  /// - Parameters:
  ///   - requiringSecrets: Whether the configuration's secrets are needed.
  ///   - isNewWelcome: Whether an installation is made where there is none.
  ///   - work: The work.
  func withInstallation(
    requiringSecrets: Bool = false, isNewWelcome: Bool = false,
    _ work: (Installation, Configuration) async throws -> Void
  ) async throws {
    try await CommandFailure.translating {
      let configuration = try await openable(requiringSecrets: requiringSecrets)
      let lifetime = configuration.tokens.accessLifetime
      let installation = try await Installation.open(
        dataDirectory: configuration.dataDirectory, masterKey: configuration.masterKey,
        isNewWelcome: isNewWelcome, accessLifetime: { lifetime })
      do {
        try await work(installation, configuration)
      } catch {
        await installation.close()
        throw error
      }
      await installation.close()
    }
  }
}
