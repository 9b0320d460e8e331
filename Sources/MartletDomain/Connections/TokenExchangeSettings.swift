import OAuthProtocol

/// How a user's login at an identity provider becomes a token for a server (`credential: {token_exchange: …}`).
public struct TokenExchangeSettings: Sendable {
  /// What of the login is shown.
  public enum SubjectToken: String, Sendable, CaseIterable {
    /// The access token that came with it.
    case accessToken = "access_token"
    /// The ID token.
    case idToken = "id_token"
  }

  /// By which grant the server's token is had.
  public enum Grant: Sendable {
    /// In one step: the login's token for the server's (RFC 8693).
    case exchange
    /// In two: the login's token for an assertion about the user (ID-JAG) at the identity provider, and the assertion for
    /// the server's token at the server's authorization server (RFC 7523 §2.1).
    case assertion
  }

  /// An authorization server, and Martlet's client there.
  public struct Party: Sendable {
    /// The authorization server.
    public var issuer: String
    /// Martlet's client identifier there.
    public var clientID: String
    /// Martlet's secret there.
    public var clientSecret: Secret?
    /// How it is shown; `nil` for what is offered, Basic first.
    public var secretMethod: ClientAuthenticationMethod?

    /// Describes a party.
    public init(
      issuer: String, clientID: String, clientSecret: Secret?, secretMethod: ClientAuthenticationMethod? = nil
    ) {
      self.issuer = issuer
      self.clientID = clientID
      self.clientSecret = clientSecret
      self.secretMethod = secretMethod
    }
  }

  /// The identity provider's name in the configuration.
  public var provider: String
  /// The identity provider.
  public var login: Party
  /// Who issues what the server takes; often the identity provider itself.
  public var authority: Party
  /// By which grant.
  public var grant: Grant
  /// What of the login is shown.
  public var subjectToken: SubjectToken
  /// What the token is for, in the words of whoever issues it (RFC 8693 §2.1).
  public var audience: String?
  /// What to ask for.
  public var scopes: ScopeSet
  /// Whether the server is named as `resource` (RFC 8707).
  public var sendsResource: Bool

  /// Describes settings.
  public init(
    provider: String, login: Party, authority: Party, grant: Grant, subjectToken: SubjectToken, audience: String?,
    scopes: ScopeSet, sendsResource: Bool
  ) {
    self.provider = provider
    self.login = login
    self.authority = authority
    self.grant = grant
    self.subjectToken = subjectToken
    self.audience = audience
    self.scopes = scopes
    self.sendsResource = sendsResource
  }
}
