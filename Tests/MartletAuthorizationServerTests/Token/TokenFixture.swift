import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Synchronization
import Testing

@testable import MartletAuthorizationServer

/// Settings that a test may change while requests run.
final class SettingsBox: Sendable {
  private let value: Mutex<AuthorizationServerSettings>

  init(_ value: AuthorizationServerSettings) { self.value = Mutex(value) }

  var current: AuthorizationServerSettings { value.withLock { $0 } }

  func change(_ body: (inout AuthorizationServerSettings) -> Void) { value.withLock { body(&$0) } }
}

/// Configuration first, then the store, as the real one does.
struct FixtureClientDirectory: ClientDirectory {
  let settings: SettingsBox
  let store: MemoryStore

  func client(_ id: ClientID) async throws(ClientLookupError) -> RegisteredClient {
    if let client = settings.current.clients[id] { return client }
    do {
      if let client = try await store.client(id) { return client }
    } catch {
      throw .unavailable(reason: "\(error)")
    }
    throw .unknown(reason: "not in the store")
  }
}

/// Keys at one URL, or an outage.
final class FixtureClientKeys: ClientKeys {
  private let keys = Mutex<[JSONWebKey]?>([])

  func publish(_ published: [JSONWebKey]?) { keys.withLock { $0 = published } }

  func keys(at uri: AbsoluteURL, kid: ByteString?) async throws(ClientKeysError) -> [JSONWebKey] {
    guard let published = keys.withLock({ $0 }) else { throw .unavailable(reason: "outage") }
    let found = published.filter { kid == nil || $0.keyID.map { ByteString($0) } == kid }
    guard !found.isEmpty else { throw .unknownKey }
    return found
  }
}

/// An answer, its JSON read.
struct Answer: Sendable {
  let response: EndpointResponse

  var status: Int { response.status }
  var body: [UInt8] { if case .json(let bytes) = response.body { bytes } else { [] } }
  var json: JSONValue { (try? JSONReader.parse(body)) ?? .null }
  var error: String? { json["error"]?.stringValue }
  var accessToken: ByteString { ByteString(json["access_token"]?.stringValue ?? "") }
  var refreshToken: String { json["refresh_token"]?.stringValue ?? "" }
  func header(_ name: String) -> String? { response.headers.first { $0.name == name }?.value }
}

/// One authorization server over a memory store, as far as tokens go.
struct TokenFixture: Sendable {
  static let origin = "https://gw.example"
  static let time = RouteID(server: "time")
  static let mail = RouteID(server: "mail")
  static let verifier = "verifier-verifier-verifier-verifier-verifier-0"
  static let redirect = "http://127.0.0.1/callback"

  let clock = FakeClock()
  let store = MemoryStore()
  let audit = RecordingAuditSink()
  let index = RevocationIndex()
  let random: SeededRandom
  let sealer = Sealer(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
  let settings: SettingsBox
  let clientKeys = FixtureClientKeys()
  let keys: SigningKeys
  let accessTokens: AccessTokenVerifier
  let revoker: Revoker
  let endpoint: TokenEndpoint
  let revocation: RevocationEndpoint
  let introspection: IntrospectionEndpoint

  init(
    seed: UInt64 = 1, origin: String = TokenFixture.origin, routes: [ProtectedRoute]? = nil
  ) async throws {
    let clock = clock
    let random = SeededRandom(seed: seed)
    self.random = random
    let settings = SettingsBox(
      AuthorizationServerSettings(
        routes: RouteDirectory(
          origin: try #require(HTTPOrigin(origin)),
          routes: routes
            ?? [Self.time, Self.mail].map {
              ProtectedRoute(id: $0, displayName: $0.server.string, tenants: nil)
            })))
    self.settings = settings
    let current: @Sendable () -> AuthorizationServerSettings = { settings.current }
    let lifetime: @Sendable () -> Duration = { settings.current.tokens.accessLifetime }
    keys = SigningKeys(
      store: store, sealer: sealer, clock: clock, random: random, tokenLifetime: lifetime, audit: audit)
    try await keys.load()
    accessTokens = AccessTokenVerifier(settings: current, keys: keys, revocations: index)
    revoker = Revoker(
      refreshTokens: store, revocations: store, index: index, clock: clock, audit: audit)
    let directory = FixtureClientDirectory(settings: settings, store: store)
    endpoint = TokenEndpoint(
      settings: current, clients: directory, clientKeys: clientKeys, store: store, keys: keys, sealer: sealer,
      revoker: revoker, flows: RecentFlows(clock: clock, random: random), clock: clock, random: random, audit: audit)
    revocation = RevocationEndpoint(
      settings: current, clients: directory, clientKeys: clientKeys, store: store, keys: keys, verifier: accessTokens,
      revoker: revoker, clock: clock)
    introspection = IntrospectionEndpoint(
      settings: current, clients: directory, clientKeys: clientKeys, store: store, keys: keys, verifier: accessTokens,
      clock: clock, audit: audit)
    try await addUser("ann")
    try await addClient("app")
  }

  func addUser(_ id: UserID, tenant: TenantID = .default) async throws {
    let user = User(
      id: id, tenant: tenant, origin: .local(loginName: id.string), displayName: id.string, createdAt: clock.now())
    _ = try await store.createLocalUser(user, passwordHash: "x")
  }

  @discardableResult
  func addClient(
    _ id: ClientID, _ method: ClientAuthenticationMethod = .none, origin: ClientOrigin = .administrator,
    grants: Set<GrantType> = [.authorizationCode, .refreshToken], secret: String? = nil, keySet: [UInt8]? = nil,
    keySetURI: String? = nil, servers: Set<ServerName>? = nil
  ) async throws -> RegisteredClient {
    let client = RegisteredClient(
      id: id, origin: origin, name: id.string, redirectURIs: [try RedirectURI(registering: Self.redirect)],
      grantTypes: grants, authenticationMethod: method,
      secretDigests: secret.map { [ArtefactDigest(clientSecret: $0.utf8)] } ?? [], keySet: keySet, keySetURI: keySetURI,
      servers: servers, createdAt: clock.now())
    if origin == .configuration {
      settings.change { $0.clients[id] = client }
    } else {
      _ = try await store.removeClient(id)
      _ = try await store.registerClient(client, quota: nil)
    }
    return client
  }

  /// Stores a code as a decision on the consent page does, and answers its text.
  func code(
    for client: ClientID = "app", user: UserID = "ann", tenant: TenantID = .default, route: RouteID = TokenFixture.time,
    redirectWasSent: Bool = true, verifier: String = TokenFixture.verifier, scope: ScopeSet = ["mcp"]
  ) async throws -> String {
    let now = clock.now()
    let secret = ArtefactKind.authorizationCode.mint(random)
    let challenge = CodeChallenge(try CodeVerifier(verifier)).value.string
    let id = TransactionID(Base64URL.encode(random.bytes(16)))
    let pending = PendingAuthorization(
      id: id, browser: ArtefactDigest(bytes: random.bytes(32)), client: client, clientName: "App",
      redirectURI: Self.redirect, redirectURIWasSent: redirectWasSent, state: nil, codeChallenge: challenge,
      route: route,
      scope: scope, flow: "flow-1", createdAt: now, expiresAt: now + .seconds(600),
      network: NetworkPrefix(bytes: []))
    _ = try await store.beginAuthorization(pending)
    let code = AuthorizationCode(
      digest: ArtefactKind.authorizationCode.digest(secret), grant: GrantID(Base64URL.encode(random.bytes(16))),
      tenant: tenant, user: user, client: client, redirectURI: Self.redirect, redirectURIWasSent: redirectWasSent,
      codeChallenge: challenge, route: route, scope: scope, flow: "flow-1", issuedAt: now,
      expiresAt: now + .seconds(60))
    let completion = try await store.completeAuthorization(id, sealedOutcome: [1], code: code, consent: nil, at: now)
    #expect(completion == .completed)
    return ByteString(secret.expose()).string
  }

  static func request(
    _ parameters: [(String, String)], headers: [(name: String, value: String)] = [], path: String = "/token"
  ) -> EndpointRequest {
    EndpointRequest(
      method: "POST", path: path,
      headers: [(name: "content-type", value: "application/x-www-form-urlencoded")] + headers,
      body: Array(FormParameters.encode(parameters).utf8), id: "r-1")
  }

  func post(_ parameters: [(String, String)], headers: [(name: String, value: String)] = []) async -> Answer {
    Answer(response: await endpoint.token(Self.request(parameters, headers: headers)))
  }

  func redeem(
    _ code: String, client: String = "app", redirect: String? = TokenFixture.redirect,
    verifier: String? = TokenFixture.verifier, resource: String? = nil, extra: [(String, String)] = []
  ) async -> Answer {
    var parameters = [("grant_type", "authorization_code"), ("client_id", client), ("code", code)]
    if let redirect { parameters.append(("redirect_uri", redirect)) }
    if let verifier { parameters.append(("code_verifier", verifier)) }
    if let resource { parameters.append(("resource", resource)) }
    return await post(parameters + extra)
  }

  func refresh(_ token: String, client: String = "app", extra: [(String, String)] = []) async -> Answer {
    await post([("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)] + extra)
  }

  /// Logs `ann` in through `app`.
  func login(client: ClientID = "app", route: RouteID = TokenFixture.time) async throws -> Answer {
    let answer = await redeem(try await code(for: client, route: route), client: client.string)
    #expect(answer.status == 200, "\(answer.json)")
    return answer
  }

  func verify(_ token: ByteString, for route: RouteID = TokenFixture.time) throws(AccessTokenRejection) -> Principal {
    try accessTokens.verify(token, for: route, at: clock.now())
  }

  static func basic(_ user: String, _ password: String) -> (name: String, value: String) {
    (name: "authorization", value: "Basic " + Base64.encode(Array("\(user):\(password)".utf8)))
  }
}
