import OAuthProtocol

/// Where the page that sends a request is from.
enum PresentedOrigin {
  /// No page that has to be told apart sends it.
  case none
  /// One that may call routes.
  case allowed(String)
  /// One that may not.
  case foreign
}

/// Finds the route of a request, and turns away pages that may not call it.
struct RequestRouter {
  let settings: GatewaySettings

  /// - Parameters:
  ///   - route: The route of the request's path.
  ///   - origin: What was found of ``origin(of:)``.
  func route(_ request: IncomingRequest, to route: UpstreamRoute?, from origin: PresentedOrigin) throws(Rejection)
    -> RoutedRequest
  {
    guard let route else { throw .unknownRoute }
    if case .foreign = origin { throw .foreignOrigin }
    return RoutedRequest(incoming: request, route: route, settings: settings)
  }

  /// Absent is fine, since hosted clients send none; present must be ours or listed (X13, N-25). A cross-site page
  /// without `Origin` is turned away too (V-011).
  func origin(of request: IncomingRequest) -> PresentedOrigin {
    guard let presented = request.headers.first(.origin) else {
      return request.headers.first(.secFetchSite) == "cross-site" ? .foreign : .none
    }
    guard request.headers.count(.origin) == 1, allowsOrigin(presented) else { return .foreign }
    return .allowed(presented)
  }

  private func allowsOrigin(_ presented: String) -> Bool {
    guard let origin = HTTPOrigin(presented) else { return false }
    return origin == settings.origin || settings.allowedOrigins.contains(origin)
  }
}
