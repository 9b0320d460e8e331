import OAuthProtocol

/// How Martlet gets tokens for itself (`credential: {client_credentials: …}`; RFC 6749 §4.4).
public struct ClientCredentialsSettings: Sendable {
  /// How Martlet proves itself.
  public enum Proof: Sendable {
    /// A shared secret, and how it is shown; `nil` for what the authorization server offers, Basic first.
    case secret(Secret, ClientAuthenticationMethod?)
    /// An assertion under a private key (RFC 7523 §2.2).
    case key(JWTSigner)
  }

  /// The authorization server.
  public var issuer: String
  /// Martlet's client identifier there.
  public var clientID: String
  /// How Martlet proves itself.
  public var proof: Proof
  /// What to ask for.
  public var scopes: ScopeSet
  /// Whether the server is named as `resource` (RFC 8707).
  public var sendsResource: Bool

  /// Describes settings.
  public init(issuer: String, clientID: String, proof: Proof, scopes: ScopeSet, sendsResource: Bool) {
    self.issuer = issuer
    self.clientID = clientID
    self.proof = proof
    self.scopes = scopes
    self.sendsResource = sendsResource
  }
}
