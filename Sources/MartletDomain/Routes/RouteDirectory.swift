import OAuthProtocol
import StrictCoding

/// A route as the authorization server sees it: one protected resource (RFC 8707, RFC 9728). Immutable; a class, since each
/// request asks policy about one.
public final class ProtectedRoute: Sendable {
  /// The route's name.
  public let id: RouteID
  /// What a person is shown: the server's name.
  public let displayName: String
  /// The tenants whose members may have it; `nil` for every tenant.
  public let tenants: Set<TenantID>?

  /// Describes a route.
  public init(id: RouteID, displayName: String, tenants: Set<TenantID>?) {
    self.id = id
    self.displayName = displayName
    self.tenants = tenants
  }

  /// Whether members of a tenant may have this route.
  public func admits(_ tenant: TenantID) -> Bool { tenants?.contains(tenant) ?? true }
}

/// All routes of one configuration snapshot under the one public origin.
public struct RouteDirectory: Sendable {
  /// The public origin, which is also the issuer: no path, no trailing slash.
  public let origin: HTTPOrigin
  /// Every route, ordered by path.
  public let routes: [ProtectedRoute]
  private let originText: String
  private let byID: [RouteID: ProtectedRoute]
  private let byResource: [ByteString: ProtectedRoute]

  /// The admin API: only whoever names it gets a token for it, and with that manages keys of their own.
  public static let administration = ProtectedRoute(
    id: .administration, displayName: "Your API keys at this gateway", tenants: nil)

  /// Lists routes.
  public init(origin: HTTPOrigin, routes: [ProtectedRoute]) {
    self.origin = origin
    originText = origin.string
    self.routes = routes.sorted { ByteString($0.id.path) < ByteString($1.id.path) }
    let administration = Self.administration
    byID = Dictionary((routes + [administration]).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let prefix = Array(originText.utf8)
    let places = routes.flatMap { route in [route.id.path, route.id.eventStreamPath].map { ($0, route) } }
    byResource = Dictionary(
      (places + [(administration.id.path, administration)]).map { (ByteString(prefix + Array($0.0.utf8)), $0.1) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The route of that name.
  public func route(_ id: RouteID) -> ProtectedRoute? { byID[id] }

  /// The resource indicator of a route, without trailing slash: `https://gw.example/time/mcp`.
  public func resource(of id: RouteID) -> String { originText + id.path }

  /// The route that a `resource` parameter names, tolerant of one trailing slash and of the case of scheme and host;
  /// clients of 2024-11-05 name it by the path of their stream.
  public func route(for resource: ResourceIndicator) -> ProtectedRoute? {
    byResource[ByteString(resource.canonical)]
  }
}
