import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletPolicy
import MartletVault
import StrictCoding

/// Every endpoint of the control plane, each with who may use it. What isn't in here doesn't exist; MCP routes come
/// from `servers:` and are the gateway's.
struct RouteTable: Sendable {
  let routes: [EndpointRoute]
  let pages: PageRenderer

  init(
    authorizationServer server: AuthorizationServer, login: @escaping @Sendable () -> LoginEndpoint,
    connect: ConnectEndpoint, jobs: DelegationPages, approvals: ApprovalsEndpoint, health: Health,
    administration: AdminAPI, metrics: MetricsEndpoint,
    pages: PageRenderer
  ) {
    self.pages = pages
    routes =
      Self.metadata(server) + Self.oauth(server) + Self.browser(server, login) + Self.connecting(connect)
      + Self.approving(approvals)
      + Self.delegating(jobs)
      + Self.operations(health, metrics, pages) + administration.routes
  }

  private static func metadata(_ server: AuthorizationServer) -> [EndpointRoute] {
    // Beside the root, clients try these documents below the route too (§7.1).
    let paths = [
      "/.well-known/**", "/:name/mcp/.well-known/**", "/t/:tenant/:name/mcp/.well-known/**",
      "/:name/sse/.well-known/**", "/t/:tenant/:name/sse/.well-known/**",
    ]
    return paths.map { path in
      EndpointRoute("GET", path: path, auth: .anyone, isOpenToPages: true) { request, _ in
        server.metadata.answer(request)
      }
    } + [
      EndpointRoute("GET", path: "/jwks", auth: .anyone, isOpenToPages: true) { _, _ in server.jwks() }
    ]
  }

  private static func oauth(_ server: AuthorizationServer) -> [EndpointRoute] {
    [
      EndpointRoute("POST", path: "/register", auth: .anyone, isOpenToPages: true) { request, _ in
        await server.registration.register(request)
      },
      EndpointRoute("POST", path: "/token", auth: .oauthClient, isOpenToPages: true) { request, _ in
        await server.token.token(request)
      },
      EndpointRoute("POST", path: "/device_authorization", auth: .oauthClient, isOpenToPages: true) { request, _ in
        await server.deviceAuthorization.begin(request)
      },
      EndpointRoute("POST", path: "/revoke", auth: .oauthClient, isOpenToPages: true) { request, _ in
        await server.revocation.revoke(request)
      },
      EndpointRoute("POST", path: "/introspect", auth: .oauthClient) { request, _ in
        await server.introspection.introspect(request)
      },
    ]
  }

  private static func browser(_ server: AuthorizationServer, _ login: @escaping @Sendable () -> LoginEndpoint)
    -> [EndpointRoute]
  {
    [
      EndpointRoute("GET", "POST", path: "/authorize", auth: .browser, takesForeignForms: true) { request, _ in
        await server.authorization.authorize(request)
      },
      EndpointRoute("GET", "POST", path: "/consent", auth: .browser) { request, _ in
        request.method == "POST" ? await server.consent.decide(request) : await server.consent.show(request)
      },
      EndpointRoute("GET", "POST", path: "/device", auth: .browser) { request, _ in
        request.method == "POST" ? await server.device.submit(request) : await server.device.show(request)
      },
      EndpointRoute("GET", "POST", path: "/login", auth: .browser) { request, _ in
        request.method == "POST" ? await login().submit(request) : await login().show(request)
      },
      EndpointRoute("POST", path: "/login/:name", auth: .browser) { request, provider in
        await login().leave(for: provider, request)
      },
      EndpointRoute("GET", path: "/login/:name/callback", auth: .browser) { request, provider in
        await login().callback(from: provider, request)
      },
      EndpointRoute("GET", "POST", path: "/logout", auth: .browser) { request, _ in await login().logout(request) },
      EndpointRoute("GET", path: "/account", auth: .browser) { request, _ in await login().account(request) },
    ]
  }

  private static func connecting(_ connect: ConnectEndpoint) -> [EndpointRoute] {
    [
      EndpointRoute("GET", "POST", path: "/connect/:name", auth: .browser) { request, server in
        request.method == "POST" ? await connect.leave(server, request) : await connect.show(server, request)
      },
      EndpointRoute("GET", path: "/connect/:name/callback", auth: .browser) { request, server in
        await connect.callback(server, request)
      },
      EndpointRoute("POST", path: "/connect/:name/disconnect", auth: .browser) { request, server in
        await connect.disconnect(server, request)
      },
      EndpointRoute("GET", path: "/connect/:name/client.json", auth: .anyone) { _, server in
        connect.clientDocument(server)
      },
    ]
  }

  private static func approving(_ approvals: ApprovalsEndpoint) -> [EndpointRoute] {
    [
      EndpointRoute("GET", path: "/approvals", auth: .browser) { request, _ in await approvals.list(request) },
      EndpointRoute("GET", "POST", path: "/approvals/:name", auth: .browser) { request, name in
        request.method == "POST" ? await approvals.decide(name, request) : await approvals.show(name, request)
      },
    ]
  }

  private static func delegating(_ jobs: DelegationPages) -> [EndpointRoute] {
    [
      EndpointRoute("POST", path: "/account/delegations", auth: .browser) { request, _ in await jobs.create(request) },
      EndpointRoute("POST", path: "/account/delegations/revoke", auth: .browser) { request, _ in
        await jobs.revoke(request)
      },
    ]
  }

  private static func operations(_ health: Health, _ metrics: MetricsEndpoint, _ pages: PageRenderer) -> [EndpointRoute]
  {
    [
      EndpointRoute("GET", path: "/healthz", auth: .anyone) { _, _ in
        .json(200, JSONWriter.write(["status": "ok"]))
      },
      EndpointRoute("GET", path: "/readyz", auth: .anyone) { _, _ in
        let problems = health.problems
        if problems.isEmpty { return .json(200, JSONWriter.write(["status": "ready"])) }
        let names = JSONValue.array(problems.map { .string($0.rawValue) })
        return EndpointResponse.json(503, JSONWriter.write(["status": "not_ready", "waiting_for": names]))
          .adding("retry-after", "1")
      },
      EndpointRoute("GET", path: "/metrics", auth: .anyone) { request, _ in metrics.answer(request) },
      asset("/assets/martlet.css", "text/css; charset=utf-8", pages.stylesheet),
      asset("/assets/martlet.svg", "image/svg+xml", PackageResources.martlet_svg),
    ]
  }

  private static func asset(_ path: String, _ contentType: String, _ bytes: [UInt8]) -> EndpointRoute {
    EndpointRoute("GET", path: path, auth: .anyone) { _, _ in
      EndpointResponse(
        status: 200, headers: [("cache-control", "public, max-age=3600")],
        body: .asset(contentType: contentType, bytes))
    }
  }
}
