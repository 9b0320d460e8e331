@_spi(Verification) import MartletDomain
import OAuthProtocol
import StrictCoding

/// Turns an access token into a principal, or says why not. Synchronous and without I/O, so that an event loop may call
/// it.
///
/// Conforms to: RFC 9068 §4; RFC 8725 §3; MCP 2026-07-28 Authorization, Token Handling (the audience is this very
/// route).
public struct AccessTokenVerifier: Sendable {
  /// How far ahead another process's clock may be, or this one's was before it was put right: 150 s, so that a step of two
  /// minutes logs nobody out.
  public static let clockLeeway: Duration = .seconds(150)

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let keys: SigningKeys
  private let revocations: RevocationIndex

  /// Makes a verifier.
  ///
  /// - Parameters:
  ///   - settings: The configuration of this instant.
  ///   - keys: Our own keys; a token can name one of them and nothing else.
  ///   - revocations: What was taken away.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, keys: SigningKeys, revocations: RevocationIndex
  ) {
    self.settings = settings
    self.keys = keys
    self.revocations = revocations
  }

  /// Verifies a token for a route.
  ///
  /// - Parameters:
  ///   - token: As presented, without `Bearer`.
  ///   - route: The route that the request is for; a token for any other is refused (V-019).
  ///   - now: The time.
  /// - Returns: The principal, not revoked so far.
  /// - Throws: `AccessTokenRejection`. After `unknownKey` it is worth asking `SigningKeys.refreshAfterUnknownKey()`
  ///   once.
  public func verify(_ token: ByteString, for route: RouteID, at now: Timestamp) throws(AccessTokenRejection)
    -> Principal
  {
    let settings = settings()
    let claims = try signedClaims(token, at: now)
    // A one-element array is the same thing (RFC 7519 §4.1.3); several audiences never are one route's token.
    let audience = claims.audience
    guard audience.count == 1, ByteString(audience[0]) == ByteString(settings.routes.resource(of: route)) else {
      throw claims["aud"] == nil ? .badClaims : .wrongAudience
    }
    return try principal(claims, for: route, settings, at: now)
  }

  /// Verifies a token for whichever of our routes it names; for `/revoke` and `/introspect`, which look at tokens from
  /// outside.
  func verify(_ token: ByteString, at now: Timestamp) throws(AccessTokenRejection) -> Principal {
    let settings = settings()
    let claims = try signedClaims(token, at: now)
    let audience = claims.audience
    guard audience.count == 1, let resource = try? ResourceIndicator(parsing: audience[0]),
      let route = settings.routes.route(for: resource),
      ByteString(audience[0]) == ByteString(settings.routes.resource(of: route.id))
    else { throw .wrongAudience }
    return try principal(claims, for: route.id, settings, at: now)
  }

  private func signedClaims(_ token: ByteString, at now: Timestamp) throws(AccessTokenRejection) -> JWTClaims {
    let parsed: JSONWebSignature
    do {
      parsed = try JSONWebSignature(compact: token.bytes)
    } catch {
      throw error == .unsigned || error == .unsupportedAlgorithm ? .wrongAlgorithm : .malformed
    }
    guard parsed.algorithm == .es256 else { throw .wrongAlgorithm }
    guard let type = parsed.type, ByteString(type) == ByteString(AccessTokenClaim.type) else { throw .wrongType }
    guard let kid = parsed.keyID, let key = keys.verifier(ByteString(kid), use: .accessToken, at: now) else {
      throw .unknownKey
    }
    guard ES256.verify(parsed, key: key) else { throw .badSignature }
    return parsed.claims
  }

  private func principal(
    _ claims: JWTClaims, for route: RouteID, _ settings: AuthorizationServerSettings, at now: Timestamp
  ) throws(AccessTokenRejection) -> Principal {
    guard let issuer = claims.issuer else { throw .badClaims }
    guard ByteString(issuer) == ByteString(settings.issuer) else { throw .wrongIssuer }
    let read = try AccessTokenClaims(claims)
    guard read.issuedAt <= now + Self.clockLeeway else { throw .notYetValid }
    guard read.expiresAt > now else { throw .expired }
    guard settings.routes.route(route)?.admits(read.tenant) == true else { throw .routeNotAdmitted }
    let principal = Principal(
      tenant: read.tenant, issuer: ByteString(issuer), subject: read.subject, client: read.client, route: route,
      scope: read.scope, grant: read.grant, flow: read.flow, credentialID: read.id, issuedAt: read.issuedAt,
      expiresAt: read.expiresAt)
    guard !revocations.isRevoked(principal) else { throw .revoked }
    return principal
  }
}
