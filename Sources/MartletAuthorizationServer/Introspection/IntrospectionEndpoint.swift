import MartletDomain
import OAuthProtocol
import StrictCoding

/// The introspection endpoint: tells a confidential client about tokens for its own servers, or of its own.
///
/// Conforms to: RFC 7662 §2. Everything that isn't the caller's business looks exactly like a token that doesn't exist
/// (N-15).
public struct IntrospectionEndpoint: Sendable {
  private let settings: @Sendable () -> AuthorizationServerSettings
  private let authenticator: ClientAuthenticator
  private let tokens: PresentedTokenReader
  private let clock: any WallClock
  private let audit: any AuditSink

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - clients: Finds clients.
  ///   - clientKeys: Gets keys that clients publish.
  ///   - store: Keeps refresh families and what assertions were seen.
  ///   - keys: Our own signing keys.
  ///   - verifier: Verifies access tokens.
  ///   - clock: Tells the time.
  ///   - audit: Takes `token.introspected`.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    clientKeys: any ClientKeys, store: any AuthorizationServerStore, keys: SigningKeys, verifier: AccessTokenVerifier,
    clock: any WallClock, audit: any AuditSink
  ) {
    authenticator = ClientAuthenticator(settings: settings, clients: clients, clientKeys: clientKeys, store: store)
    tokens = PresentedTokenReader(accessTokens: verifier, keys: keys, refreshTokens: store)
    self.settings = settings
    self.clock = clock
    self.audit = audit
  }

  /// Answers a request to `/introspect`.
  ///
  /// - Parameter request: Read whole; nothing about it is trusted.
  /// - Returns: 200 with `active`, or an error of RFC 6749 §5.2.
  public func introspect(_ request: EndpointRequest) async -> EndpointResponse {
    guard request.method == "POST" else { return OAuthError.methodNotAllowed() }
    let now = clock.now()
    do throws(OAuthError) {
      let form = try EndpointForm(request)
      let client = try await authenticator.authenticate(form, at: now)
      guard client.authenticationMethod != .none else {
        throw OAuthError(.invalidClient, "introspection needs a confidential client", reason: "public client")
      }
      let token = try await tokens.read(try form.required("token"), at: now)
      let answer = describe(token, to: client, at: now)
      audit.record(
        AuditEvent(
          at: now, action: .tokenIntrospected, tenant: client.tenant, request: request.id, client: client.id,
          status: 200, reason: answer == .inactive ? "inactive" : "active", address: request.address))
      return EndpointResponse.json(200, answer.json()).adding("pragma", "no-cache")
    } catch {
      return error.response(to: request)
    }
  }

  private func describe(_ token: PresentedToken?, to client: RegisteredClient, at now: Timestamp)
    -> IntrospectionResponse
  {
    switch token {
    case .access(let principal):
      guard principal.client == client.id || client.servers?.contains(principal.route.server) == true else {
        return .inactive
      }
      return .active(
        .init(
          issuer: principal.issuer.string, subject: principal.subject.string, clientID: principal.client.string,
          audience: [settings().routes.resource(of: principal.route)], scope: principal.scope,
          issuedAt: principal.issuedAt.seconds, expiresAt: principal.expiresAt.seconds,
          tokenID: principal.credentialID.string))
    case .refresh(let known):
      let family = known.family
      let isLive =
        known.rotatedAt == nil && family.revokedAt == nil && min(known.token.expiresAt, family.expiresAt) > now
      guard family.client == client.id, isLive else { return .inactive }
      return .active(
        .init(
          issuer: settings().issuer, subject: family.user.string, clientID: family.client.string,
          audience: [settings().routes.resource(of: family.route)], scope: family.scope, tokenType: "refresh_token",
          issuedAt: known.token.issuedAt.seconds, expiresAt: min(known.token.expiresAt, family.expiresAt).seconds))
    case nil: return .inactive
    }
  }
}
