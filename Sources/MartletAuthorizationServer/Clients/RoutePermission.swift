import MartletDomain

/// Which routes a client may have, and a user through it. The one place that says so, asked before and after consent
/// (V-060).
struct RoutePermission: Sendable {
  let client: RegisteredClient
  let directory: RouteDirectory

  init(client: RegisteredClient, routes: RouteDirectory) {
    self.client = client
    directory = routes
  }

  /// Every route that the client may have, whoever logs in.
  var routes: [ProtectedRoute] { directory.routes.filter(covers) }

  /// Whether the client may have a route.
  func covers(_ route: ProtectedRoute) -> Bool { client.servers?.contains(route.id.server) ?? true }

  /// Whether a user of that tenant may have a route through the client.
  func covers(_ route: ProtectedRoute, for tenant: TenantID) -> Bool { covers(route) && route.admits(tenant) }
}
