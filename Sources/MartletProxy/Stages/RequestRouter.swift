import OAuthProtocol

/// Finds the route of a request, and turns away pages that may not call it.
struct RequestRouter {
  let settings: GatewaySettings

  /// - Parameter route: The route of the request's path.
  func route(_ request: IncomingRequest, to route: UpstreamRoute?) throws(Rejection) -> RoutedRequest {
    guard let route else { throw .unknownRoute }
    try checkOrigin(request)
    return RoutedRequest(incoming: request, route: route, settings: settings)
  }

  /// Absent is fine, since hosted clients send none; present must be ours or listed (X13, N-25). A cross-site page
  /// without `Origin` is turned away too (V-011).
  private func checkOrigin(_ request: IncomingRequest) throws(Rejection) {
    guard let presented = request.headers.first(.origin) else {
      if request.headers.first(.secFetchSite) == "cross-site" { throw .foreignOrigin }
      return
    }
    guard request.headers.count(.origin) == 1, allowsOrigin(presented) else { throw .foreignOrigin }
  }

  func allowsOrigin(_ presented: String) -> Bool {
    guard let origin = HTTPOrigin(presented) else { return false }
    return origin == settings.origin || settings.allowedOrigins.contains(origin)
  }
}
