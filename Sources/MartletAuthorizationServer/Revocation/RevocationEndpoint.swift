import MartletDomain
import OAuthProtocol
import StrictCoding

/// The revocation endpoint: a client gives its own tokens back.
///
/// Conforms to: RFC 7009 §2. Whose a token is, or whether it exists, can't be told from the answer; another client's
/// token is left alone (V-050f).
public struct RevocationEndpoint: Sendable {
  private let authenticator: ClientAuthenticator
  private let tokens: PresentedTokenReader
  private let revoker: Revoker
  private let clock: any WallClock

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - clients: Finds clients.
  ///   - clientKeys: Gets keys that clients publish.
  ///   - store: Keeps refresh families and what assertions were seen.
  ///   - keys: Our own signing keys.
  ///   - verifier: Verifies access tokens.
  ///   - revoker: Takes tokens away.
  ///   - clock: Tells the time.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, clients: any ClientDirectory,
    clientKeys: any ClientKeys, store: any AuthorizationServerStore, keys: SigningKeys, verifier: AccessTokenVerifier,
    revoker: Revoker, clock: any WallClock
  ) {
    authenticator = ClientAuthenticator(settings: settings, clients: clients, clientKeys: clientKeys, store: store)
    tokens = PresentedTokenReader(accessTokens: verifier, keys: keys, refreshTokens: store)
    self.revoker = revoker
    self.clock = clock
  }

  /// Answers a request to `/revoke`.
  ///
  /// - Parameter request: Read whole; nothing about it is trusted.
  /// - Returns: 200 with an empty body, or an error of RFC 6749 §5.2.
  public func revoke(_ request: EndpointRequest) async -> EndpointResponse {
    guard request.method == "POST" else { return OAuthError.methodNotAllowed() }
    let now = clock.now()
    do throws(OAuthError) {
      let form = try EndpointForm(request)
      let client = try await authenticator.authenticate(form, at: now)
      let token = try form.required("token")
      try await revoke(try await tokens.read(token, at: now), of: client, request)
      return EndpointResponse(status: 200, headers: [("cache-control", "no-store"), ("pragma", "no-cache")])
    } catch {
      return error.response(to: request)
    }
  }

  private func revoke(
    _ token: PresentedToken?, of client: RegisteredClient, _ request: EndpointRequest
  ) async throws(OAuthError) {
    let target: RevocationTarget
    var event = AuditEvent(
      at: .distantPast, action: .tokenRevoked, request: request.id, client: client.id, reason: "by_client",
      address: request.address)
    switch token {
    case .refresh(let known) where known.family.client == client.id && known.family.revokedAt == nil:
      // The whole grant, access tokens included (RFC 7009 §2.1).
      target = .grant(known.family.grant)
      event.tenant = known.family.tenant
      event.subject = known.family.user.string
      event.flow = known.family.flow
    case .access(let principal) where principal.client == client.id:
      target = .accessToken(principal.credentialID)
      event.tenant = principal.tenant
      event.subject = principal.subject.string
      event.flow = principal.flow
    case .refresh, .access, nil: return
    }
    do {
      try await revoker.revoke(target, event: event)
    } catch {
      throw OAuthError.unavailable(error)
    }
  }
}
