/// What a server behind Martlet is called with (`servers.NAME.credential`).
public enum ServerCredential: Sendable {
  /// Nothing.
  case none
  /// A header field, the same for everybody.
  case header(UpstreamCredential)
  /// A header field whose value each user enters, or the administrators of each tenant.
  case ownKey(OwnKeySettings)
  /// Each user's own account, which they connect themselves.
  case oauth(OAuthConnectionSettings)
  /// An account of Martlet's, by the client credentials grant (RFC 6749 §4.4).
  case clientCredentials(ClientCredentialsSettings)
  /// What each user's login at an identity provider is exchanged for (RFC 8693).
  case tokenExchange(TokenExchangeSettings)

  /// The header field, where it is the same for everybody.
  public var fixedHeader: UpstreamCredential? {
    if case .header(let header) = self { header } else { nil }
  }

  /// The header field that carries an entered key.
  public var ownKey: OwnKeySettings? {
    if case .ownKey(let settings) = self { settings } else { nil }
  }

  /// How logins are exchanged for tokens.
  public var tokenExchange: TokenExchangeSettings? {
    if case .tokenExchange(let settings) = self { settings } else { nil }
  }

  /// The account that a call is made with.
  ///
  /// - Parameters:
  ///   - principal: Who is calling.
  ///   - route: The server.
  /// - Returns: `nil` where the vault has no part in it.
  public func account(of principal: Principal, at route: RouteID) -> ConnectionKey? {
    switch self {
    case .none, .header: nil
    case .clientCredentials: ConnectionKey(tenant: principal.tenant, route: route, owner: .tenant)
    case .ownKey(let settings) where settings.isTenants:
      ConnectionKey(tenant: principal.tenant, route: route, owner: .tenant)
    case .oauth, .ownKey, .tokenExchange:
      ConnectionKey(tenant: principal.tenant, route: route, owner: .user(UserID(principal.subject)))
    }
  }
}
