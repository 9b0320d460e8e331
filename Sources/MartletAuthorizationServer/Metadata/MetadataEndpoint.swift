import MartletDomain
import OAuthProtocol
import StrictCoding

/// `/.well-known/…`: what clients read before they log in.
///
/// The documents are the same for everybody, cacheable, and name one issuer in one spelling at every variant of the
/// path.
///
/// Conforms to: RFC 9728 §2, §3; RFC 8414 §2, §3; RFC 9207 §3; OpenID Connect Discovery 1.0 §3, §4; MCP 2026-07-28
/// Authorization Server Discovery.
public struct MetadataEndpoint: Sendable {
  private static let cache = "public, max-age=300"

  private let settings: @Sendable () -> AuthorizationServerSettings
  private let flows: any FlowCorrelation
  private let audit: any AuditSink
  private let clock: any WallClock

  /// Assembles the endpoint.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - flows: Tells which connection attempt a request belongs to.
  ///   - audit: Takes events.
  ///   - clock: Tells the time.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, flows: any FlowCorrelation, audit: any AuditSink,
    clock: any WallClock
  ) {
    self.settings = settings
    self.flows = flows
    self.audit = audit
    self.clock = clock
  }

  /// Answers a request whose path has `/.well-known/` in it.
  ///
  /// - Parameter request: A GET or HEAD; its path is taken as it was sent.
  /// - Returns: A document, or JSON 404 for any other well-known path, or JSON 405.
  public func answer(_ request: EndpointRequest) -> EndpointResponse {
    guard ["GET", "HEAD"].contains(request.method) else {
      let error = OAuthError(.invalidRequest, "this document can only be read")
      return EndpointResponse.json(405, error.json()).adding("allow", "GET, HEAD")
    }
    guard let path = WellKnownPath(request.path, in: settings().routes) else { return Self.notFound }
    let response = document(path)
    if response.status == 200 { record(path, request) }
    return response
  }

  /// The document at a well-known path.
  ///
  /// - Parameter path: The whole path, as sent, such as `/.well-known/oauth-protected-resource/time/mcp`.
  package func wellKnown(path: String) -> EndpointResponse {
    WellKnownPath(path, in: settings().routes).map(document) ?? Self.notFound
  }

  private func document(_ path: WellKnownPath) -> EndpointResponse {
    let settings = settings()
    switch path {
    case .resource(let id, let spelling):
      return Self.resource(settings.routes.route(id), at: settings.routes.origin.string + spelling, settings)
    case .rootResource:
      // A root document that names something else makes strict clients fail (D13).
      let only = settings.routes.routes.count == 1 ? settings.routes.routes.first : nil
      return Self.resource(only, at: only.map { settings.routes.resource(of: $0.id) } ?? "", settings)
    case .authorizationServer:
      return .json(200, AuthorizationServerMetadata(of: settings).json(), cache: Self.cache)
    case .openIDProvider:
      return .json(200, AuthorizationServerMetadata(ofProvider: settings).json(), cache: Self.cache)
    }
  }

  private static func resource(
    _ route: ProtectedRoute?, at resource: String, _ settings: AuthorizationServerSettings
  ) -> EndpointResponse {
    guard let route else { return notFound }
    let metadata = ProtectedResourceMetadata(
      resource: resource, authorizationServers: [settings.issuer], scopesSupported: [ScopeCheck.resourceScope],
      resourceName: route.displayName)
    return .json(200, metadata.json(), cache: cache)
  }

  private static var notFound: EndpointResponse {
    .json(404, JSONWriter.write(["error": "not_found", "error_description": "there is no such document here"]))
  }

  private func record(_ path: WellKnownPath, _ request: EndpointRequest) {
    var route: RouteID?
    var action = AuditAction.serverMetadataRead
    switch path {
    case .resource(let id, _):
      route = id
      action = .resourceMetadataRead
    case .rootResource:
      route = settings().routes.routes.first?.id
      action = .resourceMetadataRead
    case .authorizationServer, .openIDProvider: break
    }
    audit.record(
      AuditEvent(
        at: clock.now(), action: action, flow: flows.flow(address: request.address, client: nil, route: route),
        request: request.id, route: route?.path, status: 200, address: request.address))
  }
}
