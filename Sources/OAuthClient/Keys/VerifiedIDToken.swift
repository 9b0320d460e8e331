import OAuthProtocol
import StrictCoding

/// Who logged in at a provider.
///
/// Issuer and subject together are the identity; an e-mail address never is (security-checks V-070).
public struct VerifiedIDToken: Sendable {
  /// The provider.
  public let issuer: ByteString
  /// The user, unique within the provider.
  public let subject: ByteString
  /// All claims.
  public let claims: JWTClaims
}
