import MartletDomain
import OAuthProtocol
import StrictCoding

/// The token endpoint.
///
/// Nothing in a request is trusted yet. Phases run in order: reading, client authentication, whether this client may
/// use this grant, finding what is presented, the policy that all grants share, the grant's own proof, issuance. A
/// failed phase ends the request, and all validation stands before any change (V-050h).
///
/// Conforms to: RFC 6749 §3.2, §5; RFC 7636 §4.6; RFC 8707 §2.2; MCP 2026-07-28 Authorization, Token Handling.
public struct TokenEndpoint: Sendable {
  private let authenticator: ClientAuthenticator
  private let policy: GrantPolicy
  private let codes: AuthorizationCodeGrant
  private let refreshTokens: RefreshTokenGrant
  private let clientCredentials: ClientCredentialsGrant
  private let deviceCodes: DeviceCodeGrant
  private let settings: @Sendable () -> AuthorizationServerSettings
  private let flows: any FlowCorrelation
  private let clock: any WallClock
  private let audit: any AuditSink

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - clients: Finds clients.
  ///   - clientKeys: Gets keys that clients publish.
  ///   - store: Keeps codes, families, clients and users.
  ///   - keys: Signs access tokens.
  ///   - sealer: Seals replies that may be asked for again.
  ///   - revoker: Ends what a reused credential began.
  ///   - flows: Tells which connection attempt a request belongs to.
  ///   - clock: Tells the time.
  ///   - random: Gives random bytes.
  ///   - audit: Takes events.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    clientKeys: any ClientKeys, store: any AuthorizationServerStore, keys: SigningKeys, sealer: Sealer,
    revoker: Revoker, flows: any FlowCorrelation, clock: any WallClock, random: any RandomSource, audit: any AuditSink
  ) {
    let issuance = GrantIssuance(
      settings: settings, accessTokens: AccessTokenIssuer(settings: settings, keys: keys, random: random),
      clients: store, random: random)
    authenticator = ClientAuthenticator(settings: settings, clients: clients, clientKeys: clientKeys, store: store)
    policy = GrantPolicy(settings: settings, users: store)
    let redeemer = CodeRedeemer(issuance: issuance, revoker: revoker)
    codes = AuthorizationCodeGrant(store: store, redeemer: redeemer)
    refreshTokens = RefreshTokenGrant(store: store, issuance: issuance, sealer: sealer, revoker: revoker)
    clientCredentials = ClientCredentialsGrant(issuance: issuance, flows: flows)
    deviceCodes = DeviceCodeGrant(store: store, redeemer: redeemer)
    self.settings = settings
    self.flows = flows
    self.clock = clock
    self.audit = audit
  }

  /// Answers a request to `/token`.
  ///
  /// - Parameter request: Read whole; nothing about it is trusted.
  /// - Returns: 200 with tokens, or an error of RFC 6749 §5.2; never cacheable.
  public func token(_ request: EndpointRequest) async -> EndpointResponse {
    guard request.method == "POST" else { return OAuthError.methodNotAllowed() }
    var event = AuditEvent(at: clock.now(), action: .tokenRefused, request: request.id, address: request.address)
    let response: EndpointResponse
    do throws(OAuthError) {
      let body = try await redeem(request, &event)
      response = EndpointResponse.json(200, body).adding("pragma", "no-cache")
    } catch {
      response = error.response(to: request)
      event.reason = error.auditReason
      event.flow = event.flow ?? flows.flow(address: request.address, client: event.client, route: nil)
    }
    event.status = response.status
    audit.record(event)
    return response
  }

  private func redeem(_ request: EndpointRequest, _ event: inout AuditEvent) async throws(OAuthError) -> [UInt8] {
    let form = try EndpointForm(request)
    let client = try await authenticator.authenticate(form, at: event.at)
    event.client = client.id
    let name = try form.required("grant_type")
    let request = TokenRequest(client: client, form: form, now: event.at, id: request.id, address: request.address)
    switch GrantType(rawValue: name) {
    case .authorizationCode: return try await redeem(by: codes, request, &event)
    case .refreshToken: return try await redeem(by: refreshTokens, request, &event)
    case .clientCredentials: return try await redeem(by: clientCredentials, request, &event)
    case .deviceCode where settings().deviceGrant.isEnabled: return try await redeem(by: deviceCodes, request, &event)
    case .jwtBearer, .tokenExchange, .deviceCode, .implicit, .password, nil:
      throw OAuthError(.unsupportedGrantType, "the metadata of this server lists the grant types that it has")
    }
  }

  private func redeem(
    by grant: some Grant, _ request: TokenRequest, _ event: inout AuditEvent
  ) async throws(OAuthError) -> [UInt8] {
    try policy.admit(request.client, to: grant.type)
    let offer = try await grant.find(request)
    event.flow = offer.flow
    event.tenant = offer.subject.tenant
    let permit = try await policy.permit(offer, for: request)
    event.subject = permit.subject.string
    event.route = permit.route.path
    let reply = try await grant.redeem(offer, under: permit, for: request)
    event.action = reply.action
    event.reason = reply.reason
    return reply.body
  }
}

extension OAuthError {
  /// The code, and the rich reason where there is one, for the audit trail.
  var auditReason: String { reason.map { "\(code.rawValue): \($0)" } ?? code.rawValue }
}
