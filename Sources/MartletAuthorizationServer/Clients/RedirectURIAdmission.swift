import MartletDomain
import OAuthProtocol

/// Which redirect URIs of a client are taken: one rule for registration and for documents (V-022, V-051, G14).
///
/// A URI that breaks the grammar, or leads back to ourselves, ends the whole registration. One that is merely not
/// allowed here (a private-use scheme that isn't listed) is left out, and the rest is taken.
struct RedirectURIAdmission: Sendable {
  private let policy: RedirectURIPolicy
  private let gateway: GatewayOrigin

  init(_ settings: AuthorizationServerSettings) {
    policy = settings.redirectURIPolicy
    gateway = GatewayOrigin(settings.routes.origin)
  }

  /// The redirect URIs that are taken; never none.
  ///
  /// - Throws: `OAuthError` with `invalid_redirect_uri`.
  func admitted(of metadata: ClientMetadata) throws(OAuthError) -> [RedirectURI] {
    let (accepted, refused) = metadata.redirectURIs(under: policy)
    for refusal in refused where !Self.isTolerable(refusal.error) { throw refusal.error.oauthError }
    for uri in accepted where gateway.owns(uri) {
      throw OAuthError(
        .invalidRedirectURI, "a redirect URI must not be on this server", reason: "redirect_uri: gateway origin")
    }
    guard !accepted.isEmpty else {
      throw refused.first?.error.oauthError
        ?? OAuthError(.invalidRedirectURI, "redirect_uris is required", reason: "redirect_uri: none")
    }
    return accepted
  }

  private static func isTolerable(_ error: RedirectURIError) -> Bool {
    switch error {
    case .schemeNotAllowed, .localhostNotAllowed: true
    case .length, .character, .fragment, .wildcard, .scheme, .insecure, .userInfo, .percentInAuthority, .host, .port,
      .percentEncoding, .dotSegment, .path, .reservedParameter:
      false
    }
  }
}
