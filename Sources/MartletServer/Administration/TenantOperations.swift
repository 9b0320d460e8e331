import MartletDomain
import MartletIdentity
import StrictCoding

/// Tenants in the admin API.
struct TenantOperations: Sendable {
  let on: AdminDependencies

  private static let tenant = APISchema("Tenant", ["name": "string", "state": "string"])
  private static let deletion = APISchema("TenantDeletion", ["name": "string", "rows": "integer"])

  var all: [APIOperation] {
    [
      list,
      turn("suspend", "Ends tokens, logins, sessions, keys and streams of a tenant, and refuses new ones."),
      turn("resume", "Lets a suspended tenant's members in again."), delete,
    ]
  }

  private var list: APIOperation {
    APIOperation(
      "tenants.list", "GET", "/api/tenants", "Lists tenants and how they stand.", roles: APIRole.reading,
      query: APIPage.fields, APISchema(listOf: Self.tenant, as: "tenants")
    ) { request in
      let page = try APIPage(request, of: "tenants", on.installation.sealer)
      let found = try await on.installation.tenants.list(on.configuration.namedTenants)
        .filter { request.caller.sees($0.tenant) }
      return page.answer(found, as: "tenants", id: \.tenant.value) {
        ["name": .string($0.tenant.string), "state": .string($0.state.rawValue)]
      }
    }
  }

  private func turn(_ verb: String, _ summary: String) -> APIOperation {
    APIOperation(
      "tenants.\(verb)", "POST", "/api/tenants/:name/\(verb)", summary, roles: APIRole.installation, body: [],
      Self.tenant
    ) { request in
      let (tenant, tenants) = (TenantID(request.name), on.installation.tenants)
      if "suspend".equalsBytewise(verb) {
        try await tenants.suspend(tenant, on.configuration.namedTenants, by: request.asker)
      } else {
        try await tenants.resume(tenant, on.configuration.namedTenants, by: request.asker)
      }
      let state = try await on.installation.store.tenantState(tenant)
      return APIAnswer(200, ["name": .string(request.name), "state": .string(state.rawValue)])
    }
  }

  private var delete: APIOperation {
    APIOperation(
      "tenants.delete", "DELETE", "/api/tenants/:name",
      "Removes all that a tenant has, for good; its data key goes first.", roles: APIRole.installation,
      query: [APIField("confirm", .text(64), required: true, "The tenant's name once more.")], Self.deletion
    ) { request in
      let rows = try await on.installation.tenants.delete(
        TenantID(request.name), confirmation: request.text("confirm") ?? "", on.configuration.namedTenants,
        by: request.asker, with: { try? on.desk() })
      return APIAnswer(200, ["name": .string(request.name), "rows": .integer(Int64(rows))])
    }
  }
}
