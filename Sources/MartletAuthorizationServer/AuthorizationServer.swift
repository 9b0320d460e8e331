import MartletDomain

/// The authorization server, assembled: the file to open first.
///
/// ```
/// metadata → registration → /authorize (an ordered table of checks) → login (elsewhere) → consent
///   → /token (grants) → revocation, introspection
/// ```
///
/// Every endpoint takes an `EndpointRequest` and gives an `EndpointResponse`; none knows of a web framework.
public struct AuthorizationServer: Sendable {
  /// RFC 8414, RFC 9728 and OpenID documents.
  public let metadata: MetadataEndpoint
  /// RFC 7591.
  public let registration: RegistrationEndpoint
  /// RFC 6749 §3.1.
  public let authorization: AuthorizationEndpoint
  /// Where a user agrees or refuses.
  public let consent: ConsentEndpoint
  /// RFC 6749 §3.2.
  public let token: TokenEndpoint
  /// RFC 8628 §3.1.
  public let deviceAuthorization: DeviceAuthorizationEndpoint
  /// RFC 8628 §3.3.
  public let device: DevicePageEndpoint
  /// RFC 7009.
  public let revocation: RevocationEndpoint
  /// RFC 7662.
  public let introspection: IntrospectionEndpoint
  /// Tells login pages who waits.
  public let prompts: LoginPrompts
  /// Proves access tokens.
  public let verifier: AccessTokenVerifier
  /// Removes what is over.
  public let housekeeping: AuthorizationServerHousekeeping
  private let keys: SigningKeys

  /// What the authorization server stands on.
  public struct Dependencies: Sendable {
    /// Gives the configuration snapshot of this instant.
    public var settings: @Sendable () -> AuthorizationServerSettings
    /// Keeps everything that lasts.
    public var store: any AuthorizationServerStore & LoginSessionStore
    /// Gets client metadata documents.
    public var documents: any ClientDocumentSource
    /// Gets keys that clients publish.
    public var clientKeys: any ClientKeys
    /// Signs.
    public var keys: SigningKeys
    /// Takes things away.
    public var revoker: Revoker
    /// What was taken away.
    public var revocations: RevocationIndex
    /// Seals what may not lie in clear.
    public var sealer: Sealer
    /// Makes anti-forgery values.
    public var formGuard: FormGuard
    /// Names cookies.
    public var cookies: CookiePolicy
    /// Guesses flows.
    public var flows: any FlowCorrelation
    /// Takes records.
    public var audit: any AuditSink
    /// Tells the time.
    public var clock: any WallClock
    /// Makes keys and ids.
    public var random: any RandomSource

    /// Collects what the authorization server stands on.
    public init(
      settings: @escaping @Sendable () -> AuthorizationServerSettings,
      store: any AuthorizationServerStore & LoginSessionStore, documents: any ClientDocumentSource,
      clientKeys: any ClientKeys, keys: SigningKeys, revoker: Revoker, revocations: RevocationIndex, sealer: Sealer,
      formGuard: FormGuard, cookies: CookiePolicy, flows: any FlowCorrelation, audit: any AuditSink,
      clock: any WallClock, random: any RandomSource
    ) {
      self.settings = settings
      self.store = store
      self.documents = documents
      self.clientKeys = clientKeys
      self.keys = keys
      self.revoker = revoker
      self.revocations = revocations
      self.sealer = sealer
      self.formGuard = formGuard
      self.cookies = cookies
      self.flows = flows
      self.audit = audit
      self.clock = clock
      self.random = random
    }
  }

  /// Assembles the authorization server.
  public init(_ on: Dependencies) {
    let clients = StoredClientDirectory(
      settings: on.settings, store: on.store, documents: on.documents, clock: on.clock)
    keys = on.keys
    verifier = AccessTokenVerifier(settings: on.settings, keys: on.keys, revocations: on.revocations)
    metadata = MetadataEndpoint(settings: on.settings, flows: on.flows, audit: on.audit, clock: on.clock)
    registration = RegistrationEndpoint(
      settings: on.settings, store: on.store, flows: on.flows, audit: on.audit, clock: on.clock, random: on.random)
    authorization = AuthorizationEndpoint(
      settings: on.settings, clients: clients, authorizations: on.store, sessions: on.store, users: on.store,
      flows: on.flows, audit: on.audit, cookies: on.cookies, clock: on.clock, random: on.random)
    consent = ConsentEndpoint(
      settings: on.settings, clients: clients, authorizations: on.store, sessions: on.store, users: on.store,
      sealer: on.sealer, formGuard: on.formGuard, audit: on.audit, cookies: on.cookies, clock: on.clock,
      random: on.random)
    token = TokenEndpoint(
      settings: on.settings, clients: clients, clientKeys: on.clientKeys, store: on.store, keys: on.keys,
      sealer: on.sealer, revoker: on.revoker, flows: on.flows, clock: on.clock, random: on.random, audit: on.audit)
    let codeKey = on.sealer.derivedKey(for: "device user code")
    deviceAuthorization = DeviceAuthorizationEndpoint(
      settings: on.settings,
      authenticator: ClientAuthenticator(
        settings: on.settings, clients: clients, clientKeys: on.clientKeys, store: on.store),
      policy: GrantPolicy(settings: on.settings, users: on.store), store: on.store, codeKey: codeKey, flows: on.flows,
      audit: on.audit, clock: on.clock, random: on.random)
    device = DevicePageEndpoint(
      settings: on.settings, clients: clients, store: on.store,
      login: CurrentLogin(sessions: on.store, users: on.store, cookies: on.cookies, clock: on.clock),
      guesses: CodeGuesses(), codeKey: codeKey, formGuard: on.formGuard, cookies: on.cookies, audit: on.audit,
      clock: on.clock, random: on.random)
    revocation = RevocationEndpoint(
      settings: on.settings, clients: clients, clientKeys: on.clientKeys, store: on.store, keys: on.keys,
      verifier: verifier, revoker: on.revoker, clock: on.clock)
    introspection = IntrospectionEndpoint(
      settings: on.settings, clients: clients, clientKeys: on.clientKeys, store: on.store, keys: on.keys,
      verifier: verifier, clock: on.clock, audit: on.audit)
    prompts = LoginPrompts(settings: on.settings, authorizations: on.store, clock: on.clock)
    housekeeping = AuthorizationServerHousekeeping(settings: on.settings, store: on.store, index: on.revocations)
  }

  /// The public keys (RFC 7517).
  public func jwks() -> EndpointResponse { keys.jwks() }
}
