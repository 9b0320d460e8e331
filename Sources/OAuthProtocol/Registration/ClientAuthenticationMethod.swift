/// How a client proves at the token endpoint who it is.
///
/// Conforms to: RFC 7591 §2; OpenID Connect Core §9.
public enum ClientAuthenticationMethod: String, Sendable, Hashable, CaseIterable {
  /// A public client: not at all.
  case none
  /// A secret in HTTP Basic.
  case clientSecretBasic = "client_secret_basic"
  /// A secret in the body.
  case clientSecretPost = "client_secret_post"
  /// An assertion signed with the client's own key (RFC 7523 §2.2).
  case privateKeyJWT = "private_key_jwt"

  /// True if client and server share a secret.
  public var usesSharedSecret: Bool { self == .clientSecretBasic || self == .clientSecretPost }
}
