import Logging
import MartletDomain
import Testing

@testable import MartletServer

struct RouteTableTests {
  /// Every endpoint of the control plane, spelled out: a route that is added without a line here turns this test red
  /// (V-007).
  private static let declared: [String] = [
    "GET /.well-known/** anyone pages",
    "GET /:name/mcp/.well-known/** anyone pages",
    "GET /:name/sse/.well-known/** anyone pages",
    "GET /t/:tenant/:name/mcp/.well-known/** anyone pages",
    "GET /t/:tenant/:name/sse/.well-known/** anyone pages",
    "GET /jwks anyone pages",
    "POST /register anyone pages",
    "POST /token oauth_client pages",
    "POST /device_authorization oauth_client pages",
    "GET,POST /device browser",
    "POST /revoke oauth_client pages",
    "POST /introspect oauth_client",
    "GET,POST /authorize browser",
    "GET,POST /consent browser",
    "GET,POST /login browser",
    "POST /login/:name browser",
    "GET /login/:name/callback browser",
    "GET,POST /logout browser",
    "GET /account browser",
    "GET,POST /api/keys administrator",
    "POST /api/keys/:name/rotate administrator",
    "DELETE /api/keys/:name administrator",
    "GET,POST /api/users administrator",
    "DELETE /api/users/:name administrator",
    "POST /api/users/:name/disable administrator",
    "POST /api/users/:name/enable administrator",
    "GET,POST /api/clients administrator",
    "POST /api/tokens/revoke administrator",
    "DELETE /api/clients/:name administrator",
    "GET /api/access administrator", "GET /api/approvals administrator", "GET /api/approvals/:name administrator",
    "POST /api/approvals/:name/approve administrator", "POST /api/approvals/:name/deny administrator",
    "POST /api/approvals/:name/revoke administrator", "GET /approvals browser", "GET,POST /approvals/:name browser",
    "POST /api/access/revoke administrator",
    "GET /api/analytics administrator", "GET /api/admin-tokens administrator",
    "DELETE /api/admin-tokens/:name administrator",
    "GET,POST /api/delegations administrator",
    "DELETE /api/delegations/:name administrator",
    "GET /api/tenants administrator",
    "GET /api/tools administrator",
    "PUT,DELETE /api/servers/:name/key administrator",
    "POST /api/tools/accept administrator",
    "POST /api/policy/check administrator",
    "POST /api/tenants/:name/suspend administrator",
    "POST /api/tenants/:name/resume administrator",
    "DELETE /api/tenants/:name administrator",
    "GET /api/audit administrator",
    "GET /api/audit/export administrator",
    "GET /api/flows administrator",
    "GET /api/flows/:name administrator",
    "POST /api/audit/verify administrator",
    "GET /api/secrets administrator",
    "POST /api/secrets/rotate administrator",
    "GET /api/signing-keys administrator",
    "POST /api/signing-keys/rotate administrator",
    "POST /api/policy/explain administrator",
    "GET /api/connections administrator",
    "GET,DELETE /api/connections/:name administrator",
    "POST /api/connections/:name/refresh administrator",
    "POST /api/users/:name/password administrator",
    "POST /api/leaked-keys anyone",
    "POST /account/delegations browser",
    "POST /account/delegations/revoke browser",
    "GET /api/openapi.json anyone",
    "GET,POST /connect/:name browser",
    "GET /connect/:name/callback browser",
    "POST /connect/:name/disconnect browser",
    "GET /connect/:name/client.json anyone",
    "GET /healthz anyone",
    "GET /readyz anyone",
    "GET /metrics anyone",
    "GET /assets/martlet.css anyone",
    "GET /assets/martlet.svg anyone",
  ]

  private func table() async throws -> (table: RouteTable, close: @Sendable () async -> Void) {
    let folder = try ConfigurationFolder()
    let configuration = try Configuration.withoutFile(
      upstream: "http://127.0.0.1:9001/mcp", name: "time", listen: "127.0.0.1:0", dataDirectory: folder.path + "/data")
    let installation = try await Installation.open(
      dataDirectory: configuration.dataDirectory, accessLifetime: { .seconds(60) })
    let assembly = Assembly(
      options: ServeOptions(), configuration: configuration, installation: installation, logger: Logger(label: "test"))
    let snapshots = SnapshotHolder(Snapshot(configuration, port: 8080))
    let flows = RecentFlows(clock: installation.clock, random: installation.random)
    let server = try assembly.authorizationServer(snapshots, flows)
    let vaults = VaultAssembly(configuration: configuration, installation: installation, snapshots: snapshots)
    let directory = try vaults.directory()
    let pages = vaults.pages(vaults.vault(directory), directory, forms: FormGuard(keys: []))
    let shipping = try TrailShipping(configuration, installation, Logger(label: "test"))
    let table = try assembly.routeTable(server, snapshots, Health(), shipping, pages)
    return (
      table,
      { [folder] in
        await installation.close()
        _ = folder
      }
    )
  }

  @Test func V_007_everyRouteIsDeclaredWithItsAuthClass() async throws {
    let (table, close) = try await table()
    let found = table.routes.map { route in
      "\(route.methods.joined(separator: ",")) \(route.path) \(route.auth.rawValue)"
        + (route.isOpenToPages ? " pages" : "")
    }
    #expect(found.sorted() == Self.declared.sorted())
    await close()
  }

  @Test func V_088_nothingForBrowsersIsOpenToPages() async throws {
    let (table, close) = try await table()
    for route in table.routes where route.auth == .browser { #expect(!route.isOpenToPages, "\(route.path)") }
    await close()
  }

  @Test(arguments: [
    "/", "/api", "/nosuch", "/token/x", "/.well-known", "/assets/x", "/time", "/healthz/x", "/login/a/b",
  ])
  func V_007_anUndeclaredPathIsAJSON404(path: String) async throws {
    let (table, close) = try await table()
    let plane = ControlPlane(table, logger: Logger(label: "test"))
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "\u{0}"] {
      let answer = await plane.answer(
        EndpointRequest(method: method, path: path, query: [], headers: [], body: [], address: "192.0.2.1", id: "req_1")
      )
      #expect(answer.status == 404, "\(method) \(path)")
      #expect(answer.headers.contains { $0.name == "content-type" && $0.value == "application/json" })
    }
    await close()
  }

  @Test func V_007_aWrongVerbIsToldTheRightOnes() async throws {
    let (table, close) = try await table()
    let plane = ControlPlane(table, logger: Logger(label: "test"))
    for route in table.routes
    where !route.path.utf8.contains(UInt8(ascii: "*")) && !route.path.utf8.contains(UInt8(ascii: ":")) {
      for method in ["PUT", "PATCH"] {
        let answer = await plane.answer(
          EndpointRequest(
            method: method, path: route.path, query: [], headers: [], body: [], address: "192.0.2.1", id: "req_1"))
        #expect(answer.status == 405, "\(method) \(route.path)")
        #expect(answer.headers.contains { $0.name == "allow" && $0.value == route.methods.joined(separator: ", ") })
      }
    }
    await close()
  }
}
