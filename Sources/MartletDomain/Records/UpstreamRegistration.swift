import OAuthProtocol

/// Martlet as a client that an authorization server registered (RFC 7591), for one server behind Martlet.
public struct UpstreamRegistration: Hashable, Sendable {
  /// The server.
  public var route: RouteID
  /// The authorization server; nobody else gets to see the secret.
  public var issuer: String
  /// Martlet's client identifier there.
  public var clientID: String
  /// How Martlet proves itself there.
  public var method: ClientAuthenticationMethod
  /// Its secret, sealed; `nil` for a public client.
  public var sealedSecret: [UInt8]?
  /// Where answers go.
  public var redirectURI: String
  /// What it was registered for.
  public var scope: ScopeSet
  /// When.
  public var registeredAt: Timestamp
  /// When its secret ends; `nil` for never.
  public var expiresAt: Timestamp?
  /// Whether the authorization server said that it doesn't know it any more.
  public var isRefused: Bool

  /// Describes a registration.
  public init(
    route: RouteID, issuer: String, clientID: String, method: ClientAuthenticationMethod, sealedSecret: [UInt8]?,
    redirectURI: String, scope: ScopeSet, registeredAt: Timestamp, expiresAt: Timestamp?, isRefused: Bool = false
  ) {
    self.route = route
    self.issuer = issuer
    self.clientID = clientID
    self.method = method
    self.sealedSecret = sealedSecret
    self.redirectURI = redirectURI
    self.scope = scope
    self.registeredAt = registeredAt
    self.expiresAt = expiresAt
    self.isRefused = isRefused
  }
}
