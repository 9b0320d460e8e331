import MartletDomain
import StrictCoding

/// From the head of a request to the body that it is allowed to send: its route, who calls, and what the route takes.
extension GatewayExchange {
  func begin(_ request: IncomingRequest, at route: UpstreamRoute?) {
    do throws(Rejection) {
      let routed = try RequestRouter(settings: settings).route(request, to: route, from: crossOrigin.origin)
      record.route = routed.route.resource.id.path
      if request.method == "OPTIONS" { return answer(crossOrigin.preflight(), reason: "preflight") }
      let credential = try gateway.authenticator.credential(of: routed)
      guard let lookUp = gateway.authenticator.lookUp(credential, of: routed, on: eventLoop) else {
        return try authenticate(routed, with: credential, isFirst: false)
      }
      state = .lookingUpKey
      lookUp.assumeIsolated().whenSuccess { [self] in keyLookedUp(routed, credential, $0) }
    } catch {
      reject(error, route: gateway.routeID(request.path, settings))
    }
  }

  private func keyLookedUp(_ routed: RoutedRequest, _ credential: PresentedCredential, _ rejection: Rejection?) {
    guard case .lookingUpKey = state else { return }
    state = .working
    do throws(Rejection) {
      if let rejection { throw rejection }
      try authenticate(routed, with: credential, isFirst: true)
      guard case .readingBody = state else { return }
      if bodyIsComplete { receiveEnd() } else { watchBody() }
    } catch { reject(error) }
  }

  private func authenticate(
    _ routed: RoutedRequest, with credential: PresentedCredential, isFirst: Bool
  ) throws(Rejection) {
    let (authenticated, isNew) = try gateway.authenticator.authenticate(routed, with: credential)
    record.principal = authenticated.principal
    if isFirst || isNew { gateway.recorder.presented(record) }
    try accept(authenticated)
  }

  func accept(_ request: AuthenticatedRequest) throws(Rejection) {
    let incoming = request.routed.incoming
    if let entrance {
      guard incoming.method == entrance.method else { throw .methodNotAllowed(allow: entrance.method + ", OPTIONS") }
      if entrance.role == .stream {
        return begin(SSEClientSession(exchange: self, request: request)) { $0.start() }
      }
      eventStream = try gateway.sseClients.session(query: incoming.query, for: request.principal)
    }
    switch incoming.method {
    case "POST":
      let headers = incoming.headers
      guard headers.count(.contentType) == 1, MediaType.isJSON(bytes: headers.bytes(of: .contentType)) else {
        throw .unsupportedMediaType
      }
      if let length = headers.first(.contentLength).flatMap({ Int($0) }) {
        if length > GatewayLimits.requestBody { throw .bodyTooLarge }
        if body.isEmpty { body.reserveCapacity(min(length, GatewayLimits.trustedLength)) }
      }
      state = .readingBody(request)
    case "GET", "DELETE":
      // Without a session there is no stream to have; 405 is what tells every client so (X3).
      guard incoming.headers.count(.mcpSessionID) > 0 else { throw .methodNotAllowed(allow: "POST, OPTIONS") }
      proceed(try gateway.classifier.classifyBodiless(request))
    default: throw .methodNotAllowed(allow: "GET, POST, DELETE, OPTIONS")
    }
  }
}
