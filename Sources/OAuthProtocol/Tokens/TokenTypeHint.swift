/// What a caller believes a token to be. Only a hint: a wrong one is no error.
///
/// Conforms to: RFC 7009 §2.1; RFC 7662 §2.1.
public enum TokenTypeHint: String, Sendable, Hashable {
  /// An access token.
  case accessToken = "access_token"
  /// A refresh token.
  case refreshToken = "refresh_token"
}
