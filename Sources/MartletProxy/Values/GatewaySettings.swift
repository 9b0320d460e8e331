import MCPProtocol
import MartletDomain
import MartletPolicy
import OAuthProtocol

/// A route with what stands behind it. Immutable, and shared by the requests that take it.
public final class UpstreamRoute: Sendable {
  /// The route as a protected resource.
  public let resource: ProtectedRoute
  /// What the server is called in assertions: the first of its URLs.
  public let audience: String?
  /// The revision that the operator pinned for the server; `nil` to find out.
  public let pinnedRevision: ProtocolRevision?
  /// What the server is called with.
  public let credential: ServerCredential
  /// Its instances, and what was learned about it.
  let server: UpstreamServer

  /// Where those instances are that take new sessions.
  public var urls: [AbsoluteURL] { server.urls }

  /// Describes a route.
  ///
  /// - Parameters:
  ///   - resource: The route as a protected resource.
  ///   - instances: The server's instances; at least one.
  ///   - pinnedRevision: The revision that the operator pinned; `nil` to find out.
  ///   - credential: What the server is called with.
  ///   - previous: The route as it was configured before, whose experience with the server goes on.
  public init(
    resource: ProtectedRoute, instances: [UpstreamAddress], pinnedRevision: ProtocolRevision?,
    credential: ServerCredential = .none, after previous: UpstreamRoute? = nil
  ) {
    self.resource = resource
    self.pinnedRevision = pinnedRevision
    self.credential = credential
    audience = instances.first?.url.string
    server = UpstreamServer(instances, pinned: pinnedRevision, after: previous?.server)
  }

  /// The server spoke as one of another era: whoever comes next finds out anew which it speaks, unless that is pinned.
  func forgetEras() {
    guard pinnedRevision == nil else { return }
    for era in Era.allCases { server.learn(era, isSpoken: nil) }
  }
}

/// The configuration of the data plane: an immutable snapshot; a request keeps the one that it began with.
public final class GatewaySettings: Sendable {
  /// The public origin.
  public let origin: HTTPOrigin
  /// Origins, beside our own, whose pages may call routes.
  public let allowedOrigins: Set<HTTPOrigin>
  /// The name of the header that carries the assertion to upstreams, lower case.
  public let assertionHeader: String
  /// Who may do what; `nil` where everybody may do everything.
  public let policy: AccessPolicy?
  /// Whether an external engine decides beside the policy.
  public let asksOracle: Bool
  /// How much may be done; `nil` where nothing is counted.
  public let limits: LimitRules?
  private let routes: [String: UpstreamRoute]

  /// Describes the data plane.
  public init(
    origin: HTTPOrigin, allowedOrigins: Set<HTTPOrigin>, assertionHeader: String, routes: [UpstreamRoute],
    policy: AccessPolicy? = nil, asksOracle: Bool = false, limits: LimitRules? = nil
  ) {
    self.asksOracle = asksOracle
    self.origin = origin
    self.allowedOrigins = allowedOrigins
    self.assertionHeader = assertionHeader
    self.policy = policy
    self.limits = limits
    self.routes = Dictionary(routes.map { ($0.resource.id.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The route of that name.
  public func route(_ id: RouteID) -> UpstreamRoute? { routes[id.path] }

  /// The route of a path, in either slash spelling (D12).
  public func route(path: String) -> UpstreamRoute? {
    if let route = routes[path] { return route }
    guard path.utf8.last == UInt8(ascii: "/") else { return nil }
    return routes[String(path.dropLast())]
  }
}
