import MartletDomain
import MartletIdentity
import StrictCoding

/// Delegations in the admin API: users manage their own, administrators everybody's.
struct DelegationOperations: Sendable {
  let on: AdminDependencies

  private static let roles: Set<APIRole> = [.admin, .tenantAdmin, .owner]
  private static let delegation = APISchema(
    "Delegation",
    [
      "id": "string", "user": "string", "job": "string", "tenant": "string", "servers": "[string]",
      "tools": "[string]?", "state": "string", "created_at": "time", "expires_at": "time",
    ])

  var all: [APIOperation] { [list, create, revoke] }

  private var list: APIOperation {
    APIOperation(
      "delegations.list", "GET", "/api/delegations", "Lists what users let jobs do for them.",
      roles: APIRole.reading.union([.owner]),
      query: APIPage.fields + [
        APIField("user", .text(256), "Only this user's. Owners leave it out."),
        APIField("all", .flag, "Ended ones, too, for 30 days."),
      ], APISchema(listOf: Self.delegation, as: "delegations")
    ) { request in
      let page = try APIPage(request, of: "delegations", on.installation.sealer)
      let now = on.installation.clock.now()
      var filter = DelegationFilter(tenant: request.caller.tenant, liveAt: request.flag("all") ? nil : now)
      filter.user = request.caller.user?.id
      if let name = request.text("user") {
        guard let user = try await on.user(name, for: request.caller), filter.user == nil || filter.user == user.id
        else { throw APIProblem.notFound }
        filter.user = user.id
      }
      let found = try await on.installation.store.delegations(filter)
      let names = try await on.names()
      return page.answer(found, as: "delegations", id: \.id.value) {
        .object(DelegationJSON.object($0, names: names, at: now))
      }
    }
  }

  private var create: APIOperation {
    APIOperation(
      "delegations.create", "POST", "/api/delegations",
      "Lets a job use servers in a user's name; the job needs a key that names the delegation.", roles: Self.roles,
      body: [
        APIField("job", .text(64), required: true, "The service account."),
        APIField("servers", .texts(64), required: true, "The servers."),
        APIField("tools", .texts(128), "The tools, such as get_*; all that the user may call without it."),
        APIField("expires_in", .duration(Delegations.lifetimes), "For how long, at most 365d; 30d without it."),
        APIField("user", .text(256), "Who lets: a login name or a user's id. Owners leave it out."),
      ], answers: 201, Self.delegation
    ) { request in
      let user = try await user(request)
      let delegation = try await on.installation.delegations.create(
        Delegations.Order(
          user: user, job: request.text("job") ?? "",
          servers: Set((request.texts("servers") ?? []).map { ServerName($0) }),
          tools: request.texts("tools").map { $0.map { ToolPattern($0) } },
          lifetime: request.duration("expires_in") ?? Delegations.defaultLifetime),
        among: on.configuration.servers(of: user.tenant), by: request.asker)
      let names = try await on.names()
      return APIAnswer(
        201, .object(DelegationJSON.object(delegation, names: names, at: on.installation.clock.now())))
    }
  }

  private var revoke: APIOperation {
    APIOperation(
      "delegations.revoke", "DELETE", "/api/delegations/:name",
      "Takes a delegation back, by its id; what the job does under it ends, open streams too.", roles: Self.roles,
      answers: 204
    ) { request in
      guard let found = try await on.installation.store.delegation(DelegationID(request.name)),
        request.caller.sees(found.tenant), request.caller.user.map({ $0.id == found.user }) ?? true,
        found.isLive(at: on.installation.clock.now())
      else { throw APIProblem.notFound }
      try await on.installation.delegations.revoke([found], reason: "by_api", by: request.asker)
      return .done
    }
  }

  private func user(_ request: APIRequest) async throws -> User {
    if let own = request.caller.user {
      if let named = request.text("user"), try await on.user(named, for: request.caller)?.id != own.id {
        throw APIProblem.forbidden("Your token delegates what is yours only.")
      }
      return own
    }
    guard let named = request.text("user") else {
      throw APIProblem.conflict("The member user is missing: your bearer is no user's.")
    }
    guard let user = try await on.user(named, for: request.caller) else { throw APIProblem.notFound }
    return user
  }
}

extension Configuration {
  /// The servers that a tenant may have.
  public func servers(of tenant: TenantID) -> Set<ServerName> {
    Set(servers.filter { $0.tenants?.contains(tenant) ?? true }.map(\.name))
  }
}
