import OAuthProtocol

/// How an authorization request is refused.
enum AuthorizationRejection: Error, Sendable {
  /// Shown to the person: client or redirect URI are not known to be good, or nothing can be decided now.
  case page(PageRefusal)
  /// Told to the client, at an address that only `RedirectURICheck` can make.
  case redirect(ReturnAddress, OAuthError)
}
