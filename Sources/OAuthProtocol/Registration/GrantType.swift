/// A grant type by its wire name.
///
/// Conforms to: RFC 6749 §4, §6; RFC 7523 §2.1; RFC 8628 §3.4; RFC 8693 §2.1.
public enum GrantType: String, Sendable, Hashable, CaseIterable {
  /// A code from the authorization endpoint.
  case authorizationCode = "authorization_code"
  /// A refresh token.
  case refreshToken = "refresh_token"
  /// The client on its own behalf.
  case clientCredentials = "client_credentials"
  /// An assertion of a third party.
  case jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  /// Another token.
  case tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
  /// A code shown on a device.
  case deviceCode = "urn:ietf:params:oauth:grant-type:device_code"
  /// Tokens from the authorization endpoint; known so that it can be refused.
  case implicit
  /// The user's password; known so that it can be refused.
  case password
}
