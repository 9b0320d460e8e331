import MartletDomain
import OAuthClient
import OAuthProtocol

/// How Martlet presents itself where a connection's tokens come from.
public struct UpstreamClient: Sendable {
  /// How tokens are had anew.
  public enum Renewal: Sendable {
    /// By the refresh token.
    case refreshToken
    /// By asking again: the account is Martlet's own (RFC 6749 §4.4).
    case clientCredentials(ScopeSet)
    /// By exchanging the user's login.
    case tokenExchange(LoginExchange)
  }

  /// Martlet's registration there.
  public var authentication: ClientAuthentication
  /// The resource indicator, where the server wants one (A8 lists those that refuse it).
  public var resource: String?
  /// How tokens are had anew.
  public var renewal: Renewal

  /// Describes it.
  public init(authentication: ClientAuthentication, resource: String?, renewal: Renewal = .refreshToken) {
    self.authentication = authentication
    self.resource = resource
    self.renewal = renewal
  }
}

/// How a login is exchanged.
public struct LoginExchange: Sendable {
  /// What the configuration says.
  var settings: TokenExchangeSettings
  /// The identity provider, where it is asked for an assertion first.
  var provider: (metadata: AuthorizationServerMetadata, authentication: ClientAuthentication)?
}

/// Whom to ask for a connection's tokens, and as whom.
public enum UpstreamAuthority: Sendable {
  /// The authorization server, a way to ask it, and Martlet's registration there.
  case known(AuthorizationServerMetadata, TokenClient, UpstreamClient)
  /// Martlet has no registration there any more.
  case noClient
  /// The authorization server couldn't be asked who it is.
  case unreachable
}
