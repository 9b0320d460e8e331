import OAuthProtocol

/// How users connect their accounts at a server (`credential: {oauth: …}`). What isn't said is found out.
public struct OAuthConnectionSettings: Sendable {
  /// The authorization server; `nil` for the one that the server names.
  public var issuer: String?
  /// Martlet's client identifier there; `nil` to register.
  public var clientID: String?
  /// Martlet's secret there.
  public var clientSecret: Secret?
  /// How Martlet proves itself with the secret; `nil` for what the authorization server offers, Basic first.
  public var secretMethod: ClientAuthenticationMethod?
  /// What to ask for; `nil` for what the server says.
  public var scopes: ScopeSet?
  /// Whether the server is named as `resource` (RFC 8707); some authorization servers refuse it (protocol.md A8).
  public var sendsResource: Bool
  /// Parameters of the authorization request beside the usual ones.
  public var extraParameters: [ExtraParameter]
  /// The endpoints of an authorization server that publishes no metadata.
  public var endpoints: AuthorizationEndpoints?

  /// Describes settings; all by themselves they say that everything is found out.
  public init(
    issuer: String? = nil, clientID: String? = nil, clientSecret: Secret? = nil,
    secretMethod: ClientAuthenticationMethod? = nil, scopes: ScopeSet? = nil, sendsResource: Bool = true,
    extraParameters: [ExtraParameter] = [], endpoints: AuthorizationEndpoints? = nil
  ) {
    self.issuer = issuer
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.secretMethod = secretMethod
    self.scopes = scopes
    self.sendsResource = sendsResource
    self.extraParameters = extraParameters
    self.endpoints = endpoints
  }
}

/// A parameter that an authorization server wants beside the usual ones, such as `access_type=offline`.
public struct ExtraParameter: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// Its value.
  public let value: String

  /// Describes a parameter.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// Endpoints as the operator wrote them down.
public struct AuthorizationEndpoints: Sendable, Hashable {
  /// Where the browser goes.
  public let authorization: String
  /// Where codes become tokens.
  public let token: String
  /// Where tokens are revoked.
  public let revocation: String?

  /// Describes endpoints.
  public init(authorization: String, token: String, revocation: String?) {
    self.authorization = authorization
    self.token = token
    self.revocation = revocation
  }
}
