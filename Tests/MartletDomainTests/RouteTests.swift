import MartletDomain
import OAuthProtocol
import Testing

@Suite struct RouteTests {
  @Test func pathsComeBack() {
    for route in [RouteID(server: "time"), RouteID(space: "acme", server: "time")] {
      #expect(RouteID(path: route.path) == route)
    }
    for path in [
      "", "/", "/time", "time/mcp", "/time/mcp/", "/t/acme/time", "/x/acme/time/mcp", "/a/b/mcp", "//t/a/b/mcp",
    ] {
      #expect(RouteID(path: path) == nil, "\(path)")
    }
  }

  @Test func V_019_resourceNamesOneRoute() throws {
    let origin = try #require(HTTPOrigin("https://gw.example"))
    let directory = RouteDirectory(
      origin: origin,
      routes: ["time", "mail"].map { name in
        ProtectedRoute(id: RouteID(server: ServerName(name)), displayName: name, tenants: nil)
      })
    #expect(directory.routes.map(\.displayName) == ["mail", "time"])
    #expect(directory.resource(of: RouteID(server: "time")) == "https://gw.example/time/mcp")
    for text in [
      "https://gw.example/time/mcp", "https://gw.example/time/mcp/", "HTTPS://GW.EXAMPLE/time/mcp",
      "https://gw.example:443/time/mcp", "https://gw.example/time/sse", "https://gw.example/time/sse/",
    ] {
      let resource = try ResourceIndicator(parsing: text)
      #expect(directory.route(for: resource)?.displayName == "time", "\(text)")
    }
    for text in [
      "https://gw.example/TIME/mcp", "https://gw.example/time/mcpx", "https://gw.example/time", "https://gw.example",
      "https://gw.example/time/messages", "https://gw.example/time/SSE",
      "http://gw.example/time/mcp", "https://gw.example:444/time/mcp", "https://other.example/time/mcp",
    ] {
      let resource = try ResourceIndicator(parsing: text)
      #expect(directory.route(for: resource) == nil, "\(text)")
    }
  }

  @Test func routesAdmitTheirTenants() {
    let open = ProtectedRoute(id: RouteID(server: "a"), displayName: "a", tenants: nil)
    let closed = ProtectedRoute(id: RouteID(server: "a"), displayName: "a", tenants: ["acme"])
    #expect(open.admits("anyone") && closed.admits("acme"))
    #expect(!closed.admits("acme\u{0}") && !closed.admits(.default))
  }
}
