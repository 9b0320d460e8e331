import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/authorize`: checks a request, keeps it, and sends the browser to its next step.
///
/// Nothing is consumed: the same URL in the same browser finds the same transaction, any number of times (A1), and any
/// number of transactions stand side by side (A6, V-023).
///
/// Conforms to: RFC 6749 §3.1, §4.1.1, §4.1.2.1; RFC 7636 §4.3; RFC 8707 §2; RFC 9207; MCP 2026-07-28 Authorization.
public struct AuthorizationEndpoint: Sendable {
  private let settings: @Sendable () -> AuthorizationServerSettings
  private let clients: any ClientDirectory
  private let authorizations: any AuthorizationStore
  private let login: CurrentLogin
  private let flows: any FlowCorrelation
  private let audit: any AuditSink
  private let cookies: CookiePolicy
  private let clock: any WallClock
  private let random: any RandomSource

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant; asked once a request.
  ///   - clients: Finds clients.
  ///   - authorizations: Keeps pending authorizations.
  ///   - sessions: Tells which logins stand.
  ///   - users: Tells who they are.
  ///   - flows: Tells which connection attempt a request belongs to.
  ///   - audit: Takes events.
  ///   - cookies: Names and attributes of cookies.
  ///   - clock: Tells the time.
  ///   - random: Gives random bytes.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    authorizations: any AuthorizationStore, sessions: any LoginSessionStore, users: any UserStore,
    flows: any FlowCorrelation, audit: any AuditSink, cookies: CookiePolicy, clock: any WallClock,
    random: any RandomSource
  ) {
    self.settings = settings
    self.clients = clients
    self.authorizations = authorizations
    login = CurrentLogin(sessions: sessions, users: users, cookies: cookies, clock: clock)
    self.flows = flows
    self.audit = audit
    self.cookies = cookies
    self.clock = clock
    self.random = random
  }

  /// Answers a request.
  ///
  /// - Parameter request: A GET with a query or a POST with a form (RFC 6749 §3.1).
  /// - Returns: A redirect to `/login` or `/consent`, a redirect to the client with an error, or a page.
  public func authorize(_ request: EndpointRequest) async -> EndpointResponse {
    let settings = settings()
    do throws(AuthorizationRejection) {
      let parameters = try read(request)
      let validated = try await validate(parameters, settings)
      return try await begin(validated, parameters, request, settings)
    } catch {
      return refuse(error, request)
    }
  }

  private func read(_ request: EndpointRequest) throws(AuthorizationRejection) -> AuthorizationParameters {
    do {
      return try AuthorizationParameters(reading: request)
    } catch {
      throw .page(error)
    }
  }

  /// Client first, then redirect URI, then the table: until the first two are good there is only the page.
  private func validate(
    _ parameters: AuthorizationParameters, _ settings: AuthorizationServerSettings
  ) async throws(AuthorizationRejection) -> ValidatedAuthorizationRequest {
    let client: RegisteredClient
    let returnAddress: ReturnAddress
    do {
      client = try await ClientCheck(clients: clients).client(of: parameters)
      returnAddress = try RedirectURICheck(settings: settings).returnAddress(of: parameters, for: client)
    } catch {
      throw .page(error)
    }
    do {
      return try ValidatedAuthorizationRequest(
        AddressedRequest(parameters: parameters, client: client, returnAddress: returnAddress, settings: settings))
    } catch {
      throw .redirect(returnAddress, error)
    }
  }

  private func begin(
    _ validated: ValidatedAuthorizationRequest, _ parameters: AuthorizationParameters, _ request: EndpointRequest,
    _ settings: AuthorizationServerSettings
  ) async throws(AuthorizationRejection) -> EndpointResponse {
    let known = BrowserIdentity(of: request, cookies: cookies)
    // A form posted from another site comes without our cookies (SameSite=Lax); as a GET it brings them.
    if known == nil, request.method == "POST" { return .seeOther("/authorize?\(parameters.query)") }
    let browser = known ?? BrowserIdentity(minting: random)
    let user: User?
    do {
      user = try await login.user(of: request, in: browser.names)
    } catch {
      throw .page(.unavailable(error))
    }
    guard validated.allowsPages else { throw .redirect(validated.returnAddress, Self.needsPages(user)) }
    do {
      let pending = try await keep(validated, in: browser.digest, for: user, request, settings)
      let next = AuthorizationFlow.nextStep(of: pending.id, user: user)
      return browser.remembered(in: .seeOther(next), beginning: pending, cookies: cookies)
    } catch {
      throw .page(.unavailable(error))
    }
  }

  private static func needsPages(_ user: User?) -> OAuthError {
    user == nil
      ? OAuthError(.loginRequired, "the user has to log in") : OAuthError(.consentRequired, "the user has to consent")
  }

  /// Stores the request, or finds it again. One that has ended makes room for the next under the same URL.
  private func keep(
    _ validated: ValidatedAuthorizationRequest, in browser: ArtefactDigest, for user: User?,
    _ request: EndpointRequest, _ settings: AuthorizationServerSettings
  ) async throws(StoreError) -> PendingAuthorization {
    var route: RouteID?
    if case .route(let id) = validated.target { route = id }
    let now = clock.now()
    let flow = flows.attempt(address: request.address, client: validated.client.id, route: route)
    var candidate = PendingAuthorization(
      id: "", browser: browser, client: validated.client.id, clientName: validated.client.name,
      redirectURI: validated.returnAddress.redirectURI.string, redirectURIWasSent: validated.returnAddress.wasSent,
      state: validated.returnAddress.state, codeChallenge: validated.codeChallenge.value.string, route: route,
      scope: validated.scope, flow: flow, createdAt: now,
      expiresAt: now + settings.tokens.authorizationLifetime, network: NetworkPrefix(of: request),
      loggedInAt: user == nil ? nil : now)
    for attempt in 0..<AuthorizationTransaction.attempts {
      candidate.id = AuthorizationTransaction.id(of: candidate, attempt: attempt)
      let kept = try await authorizations.beginAuthorization(
        candidate, capacity: AuthorizationTransaction.capacity)
      guard kept.sealedOutcome == nil, kept.expiresAt > now else { continue }
      if kept == candidate { record(.authorizationRequested, request, kept) }
      return kept
    }
    throw .unavailable("the same authorization was started too often")
  }

  private func refuse(_ rejection: AuthorizationRejection, _ request: EndpointRequest) -> EndpointResponse {
    switch rejection {
    case .page(let refusal):
      recordRefusal(request, client: nil, reason: refusal.reason, status: refusal.status)
      return refusal.response(to: request)
    case .redirect(let returnAddress, let error):
      let reason = error.reason ?? error.code.rawValue
      recordRefusal(request, client: returnAddress.client, reason: reason, status: 303)
      return .seeOther(returnAddress.location(error: error))
    }
  }

  private func record(_ action: AuditAction, _ request: EndpointRequest, _ pending: PendingAuthorization) {
    audit.record(
      AuditEvent(
        at: clock.now(), action: action, flow: pending.flow, request: request.id, client: pending.client,
        route: pending.route?.path, status: 303, address: request.address))
  }

  private func recordRefusal(_ request: EndpointRequest, client: ClientID?, reason: String, status: Int) {
    audit.record(
      AuditEvent(
        at: clock.now(), action: .authorizationRefused,
        flow: flows.flow(address: request.address, client: client, route: nil), request: request.id, client: client,
        status: status, reason: reason, address: request.address))
  }
}
