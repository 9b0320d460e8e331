import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/register`: makes a client known that describes itself.
///
/// Tolerant of what real clients send (protocol.md G1–G6, G14); idempotent for public clients (G7). Clients that are
/// never used expire, and only so many may wait for their first use (V-100).
///
/// Conforms to: RFC 7591 §3. A `software_statement` is ignored (V-102). There is no management (RFC 7592).
public struct RegistrationEndpoint: Sendable {
  /// The most bytes that a registration may have.
  static let maximumBytes = 65_536

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let store: any ClientStore
  private let flows: any FlowCorrelation
  private let audit: any AuditSink
  private let clock: any WallClock
  private let random: any RandomSource

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant; asked once a request.
  ///   - store: Keeps clients.
  ///   - flows: Tells which connection attempt a request belongs to.
  ///   - audit: Takes events.
  ///   - clock: Tells the time.
  ///   - random: Gives random bytes.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, store: any ClientStore, flows: any FlowCorrelation,
    audit: any AuditSink, clock: any WallClock, random: any RandomSource
  ) {
    self.settings = settings
    self.store = store
    self.flows = flows
    self.audit = audit
    self.clock = clock
    self.random = random
  }

  /// Answers a registration.
  ///
  /// - Parameter request: A POST of a JSON object.
  /// - Returns: 201 with the client, or an error of RFC 7591 §3.2.2 as JSON.
  public func register(_ request: EndpointRequest) async -> EndpointResponse {
    let settings = settings()
    guard request.method == "POST" else { return OAuthError.methodNotAllowed() }
    guard settings.registration.acceptsDynamicRegistration else {
      let error = OAuthError(.accessDenied, "dynamic client registration is switched off here", reason: "switched_off")
      return refuse(error, request, status: 403)
    }
    if let refusal = Self.unreadable(request) { return refuse(refusal.error, request, status: refusal.status) }
    do {
      let requested = try ClientRegistrationRequest(parsing: request.body)
      return try await register(RegistrationPlan(requested.metadata, settings: settings), request, settings)
    } catch {
      return refuse(error, request, status: error.httpStatus)
    }
  }

  private static func unreadable(_ request: EndpointRequest) -> (error: OAuthError, status: Int)? {
    if request.body.count > maximumBytes {
      return (OAuthError(.invalidClientMetadata, "the body is too long"), 413)
    }
    let type = request.header("content-type")
    guard !MediaType.isJSONAnswer(type) else { return nil }
    return (OAuthError(.invalidClientMetadata, "Content-Type must be application/json"), type == nil ? 400 : 415)
  }

  private func register(
    _ plan: RegistrationPlan, _ request: EndpointRequest, _ settings: AuthorizationServerSettings
  ) async throws(OAuthError) -> EndpointResponse {
    let secret = plan.method.usesSharedSecret ? ArtefactKind.clientSecret.mint(random) : nil
    let id = ClientID("dcr_" + Base64URL.encode(random.bytes(18)))
    let client = plan.client(id: id, secret: secret, from: NetworkPrefix(of: request), at: clock.now())
    let quota = RegistrationQuota(unusedClients: settings.registration.unusedClients)
    let outcome: ClientRegistrationOutcome
    do {
      outcome = try await store.registerClient(client, quota: quota)
    } catch {
      throw .unavailable(error)
    }
    switch outcome {
    case .created(let stored): return created(stored, secret, plan, request)
    // Only public clients have a fingerprint, so there is no secret to repeat.
    case .existing(let stored): return created(stored, nil, plan, request)
    case .quotaExceeded:
      throw OAuthError(
        .temporarilyUnavailable, "too many new clients from your network at present; please try again later",
        reason: "quota", retryAfterSeconds: 60)
    }
  }

  private func created(
    _ client: RegisteredClient, _ secret: Secret?, _ plan: RegistrationPlan, _ request: EndpointRequest
  ) -> EndpointResponse {
    record(.clientRegistered, request, client: client.id, status: 201, reason: nil)
    let answer = ClientRegistrationResponse(
      clientID: client.id.string, clientSecret: secret.map { ByteString($0.expose()).string },
      clientIDIssuedAt: client.createdAt.seconds, metadata: plan.metadata)
    return .json(201, answer.json())
  }

  private func refuse(_ error: OAuthError, _ request: EndpointRequest, status: Int) -> EndpointResponse {
    record(.clientRefused, request, client: nil, status: status, reason: error.reason ?? error.code.rawValue)
    var response = error.response(to: request)
    response.status = status
    return response
  }

  private func record(
    _ action: AuditAction, _ request: EndpointRequest, client: ClientID?, status: Int, reason: String?
  ) {
    audit.record(
      AuditEvent(
        at: clock.now(), action: action, flow: flows.flow(address: request.address, client: client, route: nil),
        request: request.id, client: client, status: status, reason: reason, address: request.address))
  }
}
