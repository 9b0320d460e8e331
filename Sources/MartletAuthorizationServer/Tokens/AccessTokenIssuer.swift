import MartletDomain
import OAuthProtocol
import StrictCoding

/// Makes access tokens: ES256, for exactly one route.
///
/// Conforms to: RFC 9068 §2; RFC 8707 §2.2 (one resource). Deviates from RFC 9068 §2.1, which asks for RS256 too:
/// nobody but this installation verifies these tokens, and one algorithm can't be confused with another.
struct AccessTokenIssuer: Sendable {
  let settings: @Sendable () -> AuthorizationServerSettings
  let keys: SigningKeys
  let random: any RandomSource

  /// Signs a token.
  ///
  /// - Throws: `SigningKeyError` when there is no key; nothing was changed.
  func issue(_ grant: AccessTokenGrant, at now: Timestamp) throws(SigningKeyError) -> IssuedAccessToken {
    let settings = settings()
    let key = try keys.signer(for: .accessToken, at: now)
    var expiry = now + settings.tokens.accessLifetime
    // A token must not outlive the publication of its key, whatever the configuration says by now.
    if let retirement = key.record.retiresAt { expiry = min(expiry, retirement) }
    var claims: JSONObject = [
      "iss": .string(settings.issuer), "sub": .string(grant.subject.string),
      "aud": .string(settings.routes.resource(of: grant.route)), "client_id": .string(grant.client.string),
      "scope": .string(grant.scope.string), "jti": .string(Base64URL.encode(random.bytes(16))),
      "iat": .integer(now.seconds), "exp": .integer(expiry.seconds),
      AccessTokenClaim.issuedAtMilliseconds: .integer(now.milliseconds),
      AccessTokenClaim.tenant: .string(grant.tenant.string),
    ]
    claims[AccessTokenClaim.grant] = grant.grant.map { .string($0.string) }
    claims[AccessTokenClaim.flow] = grant.flow.map { .string($0.string) }
    let token: String
    do {
      token = try JWTSigner(key: key.privateKey, keyID: key.record.id, type: AccessTokenClaim.type).sign(claims)
    } catch {
      throw .signing("\(error)")
    }
    guard token.utf8.count <= JSONWebSignature.maximumLength else { throw .signing("token is too long") }
    return IssuedAccessToken(token: token, lifetime: expiry.seconds - now.seconds)
  }
}
