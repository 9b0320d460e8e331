import MartletDomain
import StrictCoding

/// Keys of tenants at servers, in the admin API: entered and taken away, never read.
struct TenantKeyOperations: Sendable {
  let on: AdminDependencies

  private static let tenant = APIField(
    "tenant", .text(64), "The tenant; a tenant's administrator leaves it out, default without it otherwise.")

  var all: [APIOperation] { [keep, remove] }

  private var keep: APIOperation {
    APIOperation(
      "server_keys.keep", "PUT", "/api/servers/:name/key",
      "Keeps a tenant's key for a server that wants one (per: tenant), sealed, over the one before.",
      roles: APIRole.changing,
      body: [
        APIField(
          "key", .word(.visible(OwnKeySettings.longestKey)), required: true, "The key; it is never shown again."),
        Self.tenant,
      ], answers: 204
    ) { request in
      try await answering {
        try await TenantKeys(on.installation, on.configuration).keep(
          Array((request.text("key") ?? "").utf8), for: ServerName(request.name), of: try tenant(request),
          by: request.asker)
      }
    }
  }

  private var remove: APIOperation {
    APIOperation(
      "server_keys.remove", "DELETE", "/api/servers/:name/key", "Takes a tenant's key for a server away.",
      roles: APIRole.changing, query: [Self.tenant], answers: 204
    ) { request in
      try await answering {
        try await TenantKeys(on.installation, on.configuration).remove(
          ServerName(request.name), of: try tenant(request), by: request.asker)
      }
    }
  }

  private func tenant(_ request: APIRequest) throws -> TenantID {
    let named = request.text("tenant").map { TenantID($0) }
    let tenant = named ?? request.caller.tenant ?? .default
    guard request.caller.sees(tenant) else { throw APIProblem.notFound }
    return tenant
  }

  private func answering(_ work: () async throws -> Void) async throws -> APIAnswer {
    do {
      try await work()
      return .done
    } catch TenantKeys.Refusal.notAKey {
      throw APIProblem.conflict("key must be visible ASCII characters without spaces between them.")
    } catch is TenantKeys.Refusal {
      throw APIProblem.notFound
    }
  }
}
