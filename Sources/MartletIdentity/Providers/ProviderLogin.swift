import MartletDomain
import OAuthProtocol

/// A finished login at a provider.
public struct ProviderLogin: Sendable {
  /// Who it is.
  public let identity: FederatedIdentity
  /// What the provider gave along.
  public let tokens: ProviderTokens?

  /// Describes a login.
  public init(identity: FederatedIdentity, tokens: ProviderTokens?) {
    self.identity = identity
    self.tokens = tokens
  }
}

/// What a provider's token endpoint gave for a login.
public struct ProviderTokens: Sendable {
  /// The provider's issuer.
  public let issuer: String
  /// Our client there.
  public let clientID: String
  /// The answer.
  public let response: TokenResponse

  /// Describes tokens.
  public init(issuer: String, clientID: String, response: TokenResponse) {
    self.issuer = issuer
    self.clientID = clientID
    self.response = response
  }
}

/// Keeps the tokens of logins for those who need them, and for nobody else.
public protocol LoginTokenKeeping: Sendable {
  /// Keeps what a login brought, or forgets it where nobody needs it.
  ///
  /// - Parameters:
  ///   - tokens: What the provider gave.
  ///   - user: Whose login.
  ///   - provider: The provider's name in the configuration.
  /// - Throws: `StoreError`.
  func keep(_ tokens: ProviderTokens, of user: User, from provider: String) async throws(StoreError)
}

/// Nobody needs any.
public struct NoLoginTokens: LoginTokenKeeping {
  /// Keeps nothing.
  public init() {}

  /// See `LoginTokenKeeping`.
  public func keep(_ tokens: ProviderTokens, of user: User, from provider: String) async throws(StoreError) {}
}
