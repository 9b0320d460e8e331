import OAuthProtocol

/// How Martlet authenticates itself at an authorization server's token endpoint.
public enum ClientAuthentication: Sendable, CustomStringConvertible, CustomReflectable {
  /// A public client: the identifier alone.
  case none(clientID: String)
  /// Identifier and secret in HTTP Basic (RFC 6749 §2.3.1).
  case clientSecretBasic(clientID: String, secret: [UInt8])
  /// Identifier and secret in the body.
  case clientSecretPost(clientID: String, secret: [UInt8])
  /// An assertion signed with our own key (RFC 7523 §2.2).
  case privateKeyJWT(clientID: String, signer: JWTSigner)

  /// Our client identifier at that server.
  public var clientID: String {
    switch self {
    case .none(let clientID), .clientSecretBasic(let clientID, _), .clientSecretPost(let clientID, _),
      .privateKeyJWT(let clientID, _):
      clientID
    }
  }

  /// The identifier only.
  public var description: String { "ClientAuthentication(\(clientID), ‹redacted›)" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
