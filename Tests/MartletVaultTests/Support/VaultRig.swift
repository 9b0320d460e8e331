import Crypto
import Foundation
import MartletDomain
import MartletTestSupport
import OAuthClient
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletVault

/// Processes with a vault each, on one store, before one authorization server.
struct VaultRig: Sendable {
  static let start = Timestamp(seconds: 1_800_000_000)

  let clock = FakeClock(Self.start)
  let issuer = ScriptedIssuer()
  let store = FaultyStore(MemoryStore())
  let audit = RecordingAuditSink()
  let sample = Sample()
  private let scratch = ScratchFolder()
  let sealer = Sealer(key: SymmetricKey(data: SeededRandom(seed: 5).bytes(32)))

  /// The journal's: there is none until something is kept in it.
  var folder: String { scratch.path + "/spill" }
  var journal: SpillFolder { SpillFolder(path: folder, sealer: sealer) }
  var seal: CredentialSeal {
    CredentialSeal(keys: DataKeys(store: store.base, sealer: sealer, clock: clock, random: SystemRandom()))
  }

  /// A process.
  func vault(_ journal: (any SpillJournal)? = nil, sleeper: any Sleeper = BriefSleeper()) -> Vault {
    let milliseconds: MillisecondClock = { [clock] in clock.now().milliseconds }
    let discovery = MetadataDiscovery(fetcher: issuer)
    let metadata = IssuerMetadataCache(clock: milliseconds) { issuer throws(DiscoveryError) in
      try await discovery.authorizationServer(issuer: issuer)
    }
    let tokens = TokenClient(
      fetcher: issuer, clock: milliseconds, randomBytes: { SystemRandom().bytes($0) },
      limits: OAuthRefreshExchange.limits)
    let exchange = OAuthRefreshExchange { connection in
      guard let server = try? await metadata.metadata(issuer: connection.issuer) else { return .unreachable }
      let client = UpstreamClient(
        authentication: .none(clientID: connection.clientID), resource: "https://up.example/mcp")
      return .known(server, tokens, client)
    }
    return Vault(
      Vault.Dependencies(
        store: store, seal: seal, exchange: exchange, journal: journal ?? self.journal, clock: clock,
        sleeper: sleeper, random: SystemRandom(), audit: audit,
        tickets: ConnectTickets(sealer: sealer, clock: clock, random: SystemRandom())))
  }

  /// Connects an account whose access token lives for an hour.
  func connect(_ key: ConnectionKey? = nil, refreshToken: String? = nil) async throws -> ConnectionKey {
    let key = key ?? sample.connectionKey()
    let before = try await store.connection(key)
    let tokens = UpstreamTokens(
      accessToken: Secret("access-0"), refreshToken: Secret(refreshToken ?? issuer.grant()))
    var connection = sample.connection(key, after: before?.ledger)
    connection.issuer = ScriptedIssuer.issuer
    connection.connectedAt = clock.now()
    connection.expiresAt = clock.now() + .seconds(3600)
    connection.refreshAt = clock.now() + .seconds(3300)
    connection.sealedCredential = try await seal.seal(tokens, for: key, version: connection.ledger.version)
    #expect(try await store.establishConnection(connection))
    return key
  }

  /// What the store holds of a connection, opened.
  func tokens(_ key: ConnectionKey) async throws -> (access: String, refresh: String?)? {
    guard let connection = try await store.connection(key), let tokens = try await seal.open(connection) else {
      return nil
    }
    return (
      ByteString(tokens.accessToken.expose()).string, tokens.refreshToken.map { ByteString($0.expose()).string }
    )
  }

  /// Runs vaults for as long as a test needs them.
  func running(_ vaults: Vault..., test: @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for vault in vaults { group.addTask { await vault.run() } }
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await test()) } catch { outcome = .failure(error) }
      for vault in vaults { await vault.close(within: .seconds(30)) }
      group.cancelAll()
      try outcome.get()
    }
  }

  /// What the journal's files hold.
  func files() -> [[UInt8]] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { FileManager.default.contents(atPath: folder + "/" + $0).map { Array($0) } }
  }

  /// Waits for something that has to come.
  func eventually(_ what: String, _ condition: @Sendable () async throws -> Bool) async throws {
    for _ in 0..<6_000 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw NeverCame(what: what)
  }
}

/// What a test waited for in vain.
struct NeverCame: Error {
  let what: String
}

extension Vault {
  /// The answer to a call, whenever it comes.
  func answer(for key: ConnectionKey) async -> CredentialAnswer {
    await withCheckedContinuation { continuation in
      if let known = credential(for: key, completion: { continuation.resume(returning: $0) }) {
        continuation.resume(returning: known)
      }
    }
  }

  /// The answer to a call whose credential was refused.
  func replacement(for access: UpstreamAccess, of key: ConnectionKey) async -> CredentialAnswer {
    await withCheckedContinuation { continuation in
      replacement(for: access, of: key) { continuation.resume(returning: $0) }
    }
  }
}

extension CredentialAnswer {
  /// The token, if there is one.
  var token: String? {
    if case .ready(let access) = self { return ByteString(access.token.expose()).string }
    return nil
  }

  /// The access, if there is one.
  var access: UpstreamAccess? {
    if case .ready(let access) = self { return access }
    return nil
  }

  /// What an owner is told to mend; `nil` where nothing.
  var ownersReason: ConnectionReason?? {
    if case .connectionRequired(let reason) = self { return .some(reason) }
    return nil
  }

  /// Whether it may work later.
  var isUnavailable: Bool {
    if case .unavailable = self { return true }
    return false
  }
}
