import OAuthProtocol

/// Tells whether a redirect URI leads back to ourselves, where a code could be turned against another flow (V-022).
struct GatewayOrigin: Sendable {
  private let origin: HTTPOrigin

  init(_ origin: HTTPOrigin) { self.origin = origin }

  /// Whether a URI is on our own origin. All loopback names are one host: whoever listens on one may listen on all.
  func owns(_ redirectURI: RedirectURI) -> Bool {
    guard let target = HTTPOrigin(redirectURI.origin) else { return false }
    guard target.port == origin.port else { return false }
    return target.host == origin.host || (target.host.isLoopback && origin.host.isLoopback)
  }
}
