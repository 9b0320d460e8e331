import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Synchronization

@testable import MartletAuthorizationServer

/// The browser half of an authorization server over a memory store, with everything that a test may want to move.
final class FrontDoor: Sendable {
  static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
  static let time = RouteID(server: "time")
  static let notes = RouteID(server: "notes")

  let store = MemoryStore()
  let clock = FakeClock()
  let random = SeededRandom(seed: 7)
  let audit = RecordingAuditSink()
  let documents = FakeDocuments()
  let sealer = Sealer(key: SymmetricKey(data: [UInt8](repeating: 9, count: 32)))
  let cookies: CookiePolicy
  private let current: Mutex<AuthorizationServerSettings>

  init(origin: String = "https://gw.example", routes: [ProtectedRoute]? = nil) throws {
    guard let origin = HTTPOrigin(origin) else { throw FixtureError() }
    cookies = CookiePolicy(origin: origin)
    let routes =
      routes ?? [
        ProtectedRoute(id: Self.time, displayName: "time", tenants: nil),
        ProtectedRoute(id: Self.notes, displayName: "notes", tenants: nil),
      ]
    current = Mutex(AuthorizationServerSettings(routes: RouteDirectory(origin: origin, routes: routes)))
  }

  var settings: AuthorizationServerSettings { current.withLock { $0 } }

  func configure(_ change: @Sendable (inout AuthorizationServerSettings) -> Void) { current.withLock { change(&$0) } }

  var snapshot: @Sendable () -> AuthorizationServerSettings { { self.settings } }

  var flows: RecentFlows { RecentFlows(clock: clock, random: random) }

  var formGuard: FormGuard { FormGuard(keys: [sealer.derivedKey(for: "csrf")]) }

  var directory: StoredClientDirectory {
    StoredClientDirectory(settings: snapshot, store: store, documents: documents, clock: clock)
  }

  var authorization: AuthorizationEndpoint {
    AuthorizationEndpoint(
      settings: snapshot, clients: directory, authorizations: store, sessions: store, users: store, flows: flows,
      audit: audit, cookies: cookies, clock: clock, random: random)
  }

  var consent: ConsentEndpoint {
    ConsentEndpoint(
      settings: snapshot, clients: directory, authorizations: store, sessions: store, users: store, sealer: sealer,
      formGuard: formGuard, audit: audit, cookies: cookies, clock: clock, random: random)
  }

  var registration: RegistrationEndpoint {
    RegistrationEndpoint(
      settings: snapshot, store: store, flows: flows, audit: audit, clock: clock, random: random)
  }

  var metadata: MetadataEndpoint {
    MetadataEndpoint(settings: snapshot, flows: flows, audit: audit, clock: clock)
  }

  var prompts: LoginPrompts { LoginPrompts(settings: snapshot, authorizations: store, clock: clock) }

  /// Puts a public client with these redirect URIs into the store.
  @discardableResult
  func addClient(
    _ id: ClientID = "app", redirectURIs: [String] = ["https://app.example/cb"],
    grants: Set<GrantType> = [.authorizationCode, .refreshToken], servers: Set<ServerName>? = nil,
    name: String = "An App"
  ) async throws -> RegisteredClient {
    let client = RegisteredClient(
      id: id, origin: .administrator, name: name,
      redirectURIs: try redirectURIs.map { try RedirectURI(registering: $0) }, grantTypes: grants,
      authenticationMethod: .none, servers: servers, createdAt: clock.now())
    _ = try await store.registerClient(client, quota: nil)
    return client
  }

  /// Makes a user and logs a browser in.
  @discardableResult
  func logIn(_ browser: inout TestBrowser, as name: String = "ada", tenant: TenantID = .default) async throws -> User {
    let user = User(
      id: UserID(name), tenant: tenant, origin: .local(loginName: name), displayName: "Ada", createdAt: clock.now())
    _ = try await store.createLocalUser(user, passwordHash: "-")
    let cookie = ArtefactKind.loginSession.mint(random)
    guard let browserCookie = browser.jar[cookies.name(.browser)],
      let digest = ArtefactKind.browser.digest(browserCookie.utf8)
    else { throw FixtureError() }
    try await store.createLoginSession(
      LoginSession(
        digest: ArtefactKind.loginSession.digest(cookie), browser: digest, tenant: tenant, user: user.id,
        authenticatedAt: clock.now(), expiresAt: clock.now() + .seconds(3600)))
    browser.jar[cookies.name(.session)] = ByteString(cookie.expose()).string
    return user
  }
}

struct FixtureError: Error {}

/// Documents of clients by URL, as a test chose them.
final class FakeDocuments: ClientDocumentSource, Sendable {
  private let answers = Mutex<[String: Result<[UInt8], ClientLookupError>]>([:])

  func publish(_ json: JSONValue, at url: String) {
    answers.withLock { $0[url] = .success(JSONWriter.write(json)) }
  }

  func fail(_ url: String, with error: ClientLookupError) { answers.withLock { $0[url] = .failure(error) } }

  func clientDocument(for clientID: ClientIDMetadataURL) async throws(ClientLookupError) -> ClientMetadataDocument {
    let body: [UInt8]
    switch answers.withLock({ $0[clientID.string] }) {
    case .success(let bytes): body = bytes
    case .failure(let error): throw error
    case nil: throw .unknown(reason: "404")
    }
    do {
      return try ClientMetadataDocument(parsing: body, from: clientID)
    } catch {
      throw .unknown(reason: error.reason ?? "")
    }
  }
}
