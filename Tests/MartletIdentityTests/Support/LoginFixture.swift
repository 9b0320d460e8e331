import Crypto
import MartletDomain
import MartletTestSupport
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@testable import MartletIdentity

/// An installation with one local user, `ada`, and any providers; everything in memory, time standing still.
struct LoginFixture {
  static let origin = HTTPOrigin("https://gw.example")!
  static let password = "correct horse"

  let clock = FakeClock()
  let store = MemoryStore()
  let audit = RecordingAuditSink()
  let prompting = FakePrompting()
  let derivations = Derivations()
  let hasher: PasswordHasher
  let throttle: LoginThrottle
  let collaborators: LoginEndpoint.Collaborators
  let ada: User

  init() async throws {
    let counting = derivations
    let hasher = PasswordHasher(
      parameters: ScryptParameters(logCost: 4), lanes: HashingLanes(width: 2, capacity: 64), random: SystemRandom()
    ) { password, salt, parameters in
      counting.note(parameters)
      // Same inputs, same output: a stand-in that keeps counting exact and tests quick.
      return Array(SHA256.hash(data: salt + password))
    }
    self.hasher = hasher
    throttle = LoginThrottle(clock: clock)
    ada = try await LocalUsers(
      store: store, hasher: hasher, audit: audit, clock: clock
    ).create("Ada", password: Secret(Self.password))
    audit.removeAll()
    derivations.reset()
    collaborators = LoginEndpoint.Collaborators(
      store: store, passwords: PasswordLogin(users: store, hasher: hasher, throttle: throttle),
      forms: FormGuard(keys: [SymmetricKey(size: .bits256)]), sealer: Sealer(key: SymmetricKey(size: .bits256)),
      prompting: prompting, audit: audit, clock: clock)
  }

  var users: LocalUsers {
    LocalUsers(store: store, hasher: hasher, audit: audit, clock: clock)
  }

  /// The endpoint with providers of these settings.
  func endpoint(
    _ providers: [String: ProviderSettings] = [:], network: FakeNetwork = FakeNetwork(), passwords: Bool = true
  ) -> LoginEndpoint {
    LoginEndpoint(
      settings: IdentitySettings(acceptsPasswords: passwords, providers: providers), origin: Self.origin,
      backend: OIDCBackend(fetcher: network, clock: clock), collaborators: collaborators)
  }

  /// A provider named after its issuer, with the settings of the common case.
  static func settings(_ provider: FakeIdentityProvider) -> ProviderSettings {
    ProviderSettings(issuer: provider.origin, clientID: "martlet", clientSecret: Secret("s3cret"))
  }
}

/// Knows the transactions that a test announces, each in one browser.
final class FakePrompting: LoginPrompting, Sendable {
  private let known = Mutex<[TransactionID: ArtefactDigest]>([:])

  func announce(_ transaction: String, in browser: ArtefactDigest) {
    known.withLock { $0[TransactionID(transaction)] = browser }
  }

  func awaitedLogin(
    for transaction: TransactionID, browser: ArtefactDigest
  ) async throws(StoreError) -> AwaitedLogin? {
    guard known.withLock({ $0[transaction] }) == browser else { return nil }
    return AwaitedLogin(
      prompt: LoginPrompt(clientName: "Client", clientHost: nil, redirectHost: "127.0.0.1"),
      flow: FlowID("flow-\(transaction)"), client: "client")
  }
}

/// Counts what password hashing was asked to do.
final class Derivations: Sendable {
  private let costs = Mutex<[ScryptParameters]>([])
  func note(_ parameters: ScryptParameters) { costs.withLock { $0.append(parameters) } }
  func reset() { costs.withLock { $0.removeAll() } }
  var count: Int { costs.withLock { $0.count } }
  var all: [ScryptParameters] { costs.withLock { $0 } }
}
