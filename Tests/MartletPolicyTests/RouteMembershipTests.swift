import MartletTestSupport
import OAuthProtocol
import Testing

@_spi(Verification) @testable import MartletDomain
@testable import MartletPolicy

@Suite struct RouteMembershipTests {
  private func principal(tenant: TenantID, route: RouteID) -> Principal {
    Principal(
      tenant: tenant, issuer: "https://gw.example", subject: "usr_1", client: "editor", route: route,
      scope: ScopeSet(tolerant: "mcp"), grant: nil, flow: nil, credentialID: "id",
      issuedAt: Timestamp(seconds: 0), expiresAt: Timestamp(seconds: 3600))
  }

  private func decide(_ principal: Principal, tenants: Set<TenantID>?) throws(PolicyDenial) -> Permit {
    let route = ProtectedRoute(id: RouteID(server: "time"), displayName: "time", tenants: tenants)
    return try RouteMembership().decide(PolicyQuestion(principal: principal, route: route, message: nil))
  }

  @Test func membersOfAnAdmittedTenantMayUseTheRoute() throws {
    let caller = principal(tenant: "acme", route: RouteID(server: "time"))
    #expect(try decide(caller, tenants: ["acme"]).principal == caller)
    #expect(try decide(caller, tenants: nil).route == RouteID(server: "time"))
  }

  @Test func othersMayNot() {
    let foreign = principal(tenant: "other", route: RouteID(server: "time"))
    #expect(throws: PolicyDenial(reason: "tenant_not_admitted")) { try decide(foreign, tenants: ["acme"]) }
  }

  @Test func V_019_aTokenForAnotherRouteOpensNothing() {
    for route in [RouteID(server: "mail"), RouteID(space: "acme", server: "time")] {
      let caller = principal(tenant: "acme", route: route)
      #expect(throws: PolicyDenial(reason: "wrong_route")) { try decide(caller, tenants: nil) }
    }
  }
}
