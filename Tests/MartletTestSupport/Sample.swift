import MartletDomain
import OAuthProtocol
import StrictCoding

/// Records for tests, each valid, each a new one. The generator is seeded, so a run can be repeated.
public struct Sample: Sendable {
  /// What the records are made of.
  public let random: SeededRandom
  /// When they were made.
  public var now: Timestamp

  /// Starts from a seed.
  public init(seed: UInt64 = 1, now: Timestamp = Timestamp(seconds: 1_800_000_000)) {
    random = SeededRandom(seed: seed)
    self.now = now
  }

  /// A digest that nobody has.
  public func digest() -> ArtefactDigest { ArtefactDigest(bytes: random.bytes(32)) }

  /// A name that nobody has.
  public func name(_ prefix: String = "n") -> String { prefix + "-" + Hex.encode(random.bytes(8)) }

  /// The route of the server `time`.
  public let route = RouteID(server: "time")

  /// A client that registered itself.
  public func client(
    fingerprint: [UInt8]? = nil, from network: String = "home", createdAt: Timestamp? = nil
  ) -> RegisteredClient {
    RegisteredClient(
      id: ClientID(name("client")), origin: .dynamicRegistration, name: "Sample", redirectURIs: [],
      grantTypes: [.authorizationCode, .refreshToken], authenticationMethod: .none, fingerprint: fingerprint,
      network: NetworkPrefix(bytes: Array(network.utf8)), createdAt: createdAt ?? now)
  }

  /// A program without a browser that waits.
  public func device(from network: String = "home", createdAt: Timestamp? = nil) -> DeviceAuthorization {
    let now = createdAt ?? now
    return DeviceAuthorization(
      digest: digest(), userCode: digest(), client: "terminal", route: route, scope: ["mcp"],
      flow: FlowID(name("flow")), address: "192.0.2.1", network: NetworkPrefix(bytes: Array(network.utf8)),
      createdAt: now, expiresAt: now + .seconds(600), interval: .seconds(5))
  }

  /// A pending authorization.
  public func pending(from network: String = "home", createdAt: Timestamp? = nil) -> PendingAuthorization {
    PendingAuthorization(
      id: TransactionID(name("tx")), browser: digest(), client: ClientID(name("client")), clientName: "Sample",
      redirectURI: "http://127.0.0.1:7777/callback", redirectURIWasSent: true, state: name("state"),
      codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", route: route, scope: ["mcp"],
      flow: FlowID(name("flow")), createdAt: createdAt ?? now, expiresAt: (createdAt ?? now) + .seconds(600),
      network: NetworkPrefix(bytes: Array(network.utf8)))
  }

  /// The code of a pending authorization.
  public func code(for pending: PendingAuthorization) -> AuthorizationCode {
    AuthorizationCode(
      digest: digest(), grant: GrantID(name("grant")), tenant: .default, user: UserID(name("user")),
      client: pending.client, redirectURI: pending.redirectURI, redirectURIWasSent: pending.redirectURIWasSent,
      codeChallenge: pending.codeChallenge, route: route, scope: pending.scope, flow: pending.flow, issuedAt: now,
      expiresAt: now + .seconds(60))
  }

  /// The family that a code begins.
  public func family(of code: AuthorizationCode) -> RefreshFamily {
    RefreshFamily(
      grant: code.grant, tenant: code.tenant, user: code.user, client: code.client, route: code.route,
      scope: code.scope, flow: code.flow, createdAt: now, expiresAt: now + .seconds(365 * 86_400))
  }

  /// The first token of a family.
  public func token(of family: RefreshFamily) -> RefreshToken {
    RefreshToken(
      digest: digest(), grant: family.grant, generation: 1, issuedAt: now, expiresAt: now + .seconds(30 * 86_400))
  }

  /// Stores a family with its first token, by way of a code.
  public func storeFamily(in store: any DurableStore) async throws -> (family: RefreshFamily, token: RefreshToken) {
    let pending = pending()
    let code = code(for: pending)
    let family = family(of: code)
    let token = token(of: family)
    _ = try await store.beginAuthorization(pending)
    _ = try await store.completeAuthorization(pending.id, sealedOutcome: [1], code: code, consent: nil, at: now)
    let redemption = try await store.redeemAuthorizationCode(code.digest, beginning: family, with: token, at: now)
    try expect(redemption, is: .redeemed)
    return (family, token)
  }

  /// The exchange of a token at a time, with a successor of its own.
  public func rotation(
    of token: ArtefactDigest, in family: RefreshFamily, at now: Timestamp, window: Duration = .seconds(120),
    reuse: RefreshReusePolicy = .revokeFamily, client: ClientID? = nil
  ) -> RefreshRotation {
    let successor = RefreshToken(
      digest: digest(), grant: family.grant, generation: 2, issuedAt: now, expiresAt: now + .seconds(30 * 86_400))
    return RefreshRotation(
      presented: token, client: client ?? family.client, successor: successor,
      sealedReply: Array("reply ".utf8) + successor.digest.bytes, replayWindow: window, reuse: reuse, now: now)
  }

  /// A local user.
  public func localUser(named loginName: String? = nil) -> User {
    User(
      id: UserID(name("user")), tenant: .default, origin: .local(loginName: loginName ?? name("login")),
      displayName: "Sample", createdAt: now)
  }

  /// A user of a provider.
  public func federatedUser(issuer: ByteString = "https://id.example", subject: ByteString) -> User {
    User(
      id: UserID(name("user")), tenant: .default, origin: .federated(issuer: issuer, subject: subject),
      displayName: "Sample", groups: ["staff"], createdAt: now)
  }

  /// A login session.
  public func loginSession(of user: User) -> LoginSession {
    LoginSession(
      digest: digest(), browser: digest(), tenant: user.tenant, user: user.id, authenticatedAt: now,
      expiresAt: now + .seconds(3600))
  }

  /// A login that is away.
  public func federatedLogin(from network: String = "sample", at: Timestamp? = nil) -> FederatedLogin {
    FederatedLogin(
      state: digest(), provider: "corp", browser: digest(), transaction: TransactionID(name("tx")),
      nonce: name("nonce"), sealedVerifier: random.bytes(60), expiresAt: (at ?? now) + .seconds(600),
      network: NetworkPrefix(bytes: Array(network.utf8)))
  }

  /// An API key and its text; the first of its series.
  public func apiKey(
    named name: String? = nil, of owner: UserID? = nil, tenant: TenantID = .default, scope: KeyScope = KeyScope(),
    series: KeySeriesID? = nil, createdAt: Timestamp? = nil, lifetime: Duration = .seconds(3600)
  ) -> (record: APIKey, key: Secret) {
    let (key, text) = KeyText.mint(.apiKey, random)
    let made = createdAt ?? now
    let record = APIKey(
      id: APIKeyID(text.id), series: series ?? KeySeriesID(text.id), tenant: tenant, owner: owner,
      name: name ?? self.name("key"), digest: text.digest, lastFour: text.lastFour, scope: scope, createdAt: made,
      expiresAt: made + lifetime)
    return (record, key)
  }

  /// A signing key.
  public func signingKey(use: SigningKeyUse = .accessToken) -> SigningKeyRecord {
    SigningKeyRecord(
      id: name("kid"), use: use, sealedPrivateKey: random.bytes(69), publicKey: random.bytes(65), createdAt: now,
      activatesAt: now + .seconds(900))
  }

  /// An MCP session.
  public func mcpSession() -> MCPSession {
    MCPSession(
      digest: digest(),
      binding: PrincipalBinding(
        tenant: .default, issuer: "https://gw.example", subject: ByteString(name("user")),
        client: ClientID(name("client")), route: route),
      revision: .v20250618, initializeRequest: Array("{}".utf8), upstreamSession: name("up"),
      upstreamURL: "http://127.0.0.1:9001/mcp", createdAt: now, usedAt: now)
  }

  /// An event.
  public func event(_ action: AuditAction, flow: FlowID? = nil, after delay: Duration = .zero) -> AuditEvent {
    AuditEvent(at: now + delay, action: action, flow: flow)
  }
}
