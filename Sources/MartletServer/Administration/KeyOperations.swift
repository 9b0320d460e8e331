import MartletDomain
import MartletIdentity
import StrictCoding

/// API keys in the admin API.
struct KeyOperations: Sendable {
  let on: AdminDependencies

  /// Whose keys a request is about; without an id, everybody's that the caller sees.
  private struct Owner {
    let id: UserID?
  }

  private static let roles: Set<APIRole> = [.admin, .tenantAdmin, .owner]
  private static let owner = APIField(
    "owner", .text(256), "Whose: a login name, a service account or a user's id. Owners leave it out.")
  static let key = APISchema(
    "Key",
    [
      "name": "string", "id": "string", "owner": "string?", "owner_id": "string?", "tenant": "string",
      "last_four": "string", "servers": "[string]?", "tools": "[string]?", "read_only": "boolean",
      "addresses": "[string]?", "state": "string", "delegation": "string?", "created_at": "time", "expires_at": "time",
      "last_used_at": "time?",
    ])
  private static let made = APISchema(
    "NewKey", ["name": "string", "key": "string", "expires_at": "time", "id": "string"])

  var all: [APIOperation] { [list, create, rotate, revoke] }

  private var list: APIOperation {
    APIOperation(
      "keys.list", "GET", "/api/keys", "Lists keys, without the keys themselves, with their last use.",
      roles: APIRole.reading.union([.owner]),
      query: APIPage.fields + [
        Self.owner, APIField("all", .flag, "Ended ones, too, for 30 days."), APIRequest.onlyTenant,
      ],
      APISchema(listOf: Self.key, as: "keys")
    ) { request in
      let page = try APIPage(request, of: "keys", on.installation.sealer)
      let now = on.installation.clock.now()
      guard let owner = try await ownerID(request) else { throw APIProblem.notFound }
      let keys = try await on.installation.store.apiKeys(
        APIKeyFilter(tenant: try request.narrowedTenant(), owner: owner.id, liveAt: request.flag("all") ? nil : now))
      let names = try await on.names()
      return page.answer(keys, as: "keys", id: \.id.value) { key in
        .object(APIKeyJSON.object(key, owner: key.owner.flatMap { names[$0] }, at: now))
      }
    }
  }

  private var create: APIOperation {
    APIOperation(
      "keys.create", "POST", "/api/keys", "Makes a key; it is shown this once. 409 where the owner has that name.",
      roles: Self.roles,
      body: [
        APIField("name", .word(.keyName), required: true, "1 to 64 of the characters A-Z, a-z, 0-9 and . _ -"),
        APIField("expires_in", .duration(APIKeys.lifetimes), "How long it lives, at most 365d; 90d without it."),
        Self.owner,
        APIField("tenant", .word(.tenant), "The tenant of a key without an owner; default without it."),
        APIField("servers", .texts(64), "The servers that it opens; all that its owner may have without it."),
        APIField("tools", .texts(128), "The tools that it may call, such as get_*; all without it."),
        APIField("read_only", .flag, "Whether only tools that change nothing may be called."),
        APIField("delegation", .text(64), "The delegation under which it acts for a user; its owner is the job."),
        APIField("addresses", .words(.address), "The address ranges that it may be used from, such as 192.0.2.0/24."),
      ], answers: 201, Self.made
    ) { request in
      let (tenant, owner) = try await place(request)
      let made = try await on.installation.apiKeys.create(
        APIKeys.Order(
          name: request.text("name") ?? "", tenant: tenant, owner: owner, scope: try scope(request),
          lifetime: request.duration("expires_in") ?? APIKeys.defaultLifetime,
          delegation: request.text("delegation").map { DelegationID($0) }), by: request.asker)
      return Self.show(made, 201)
    }
  }

  private var rotate: APIOperation {
    APIOperation(
      "keys.rotate", "POST", "/api/keys/:name/rotate",
      "Makes a new key of the same name; both work until the grace is over.", roles: Self.roles,
      body: [
        APIField(
          "grace", .duration(APIKeys.graces),
          "How long the key before goes on, at most 30d; 24h without it, 0s ends it."),
        APIField(
          "expires_in", .duration(APIKeys.lifetimes),
          "How long the new key lives; as long as the one before without it."),
        Self.owner,
      ], Self.made
    ) { request in
      let key = try await newest(request)
      let made = try await on.installation.apiKeys.rotate(
        key, grace: request.duration("grace") ?? APIKeys.defaultGrace, lifetime: request.duration("expires_in"),
        by: request.asker)
      return Self.show(made, 200)
    }
  }

  private var revoke: APIOperation {
    APIOperation(
      "keys.revoke", "DELETE", "/api/keys/:name", "Ends a key and those that it replaced, open streams too.",
      roles: Self.roles, query: [Self.owner], answers: 204
    ) { request in
      try await on.installation.apiKeys.revoke(
        [try await newest(request)], reason: "by_api", by: request.asker)
      return .done
    }
  }

  /// The owner that a request is about; without one, everybody's keys that the caller sees.
  ///
  /// - Returns: `nil` where nobody of that name is to be seen.
  private func ownerID(_ request: APIRequest) async throws -> Owner? {
    if let own = request.caller.user {
      if let named = request.text("owner"), try await on.user(named, for: request.caller)?.id != own.id { return nil }
      return Owner(id: own.id)
    }
    guard let named = request.text("owner") else { return Owner(id: nil) }
    return try await on.user(named, for: request.caller).map { Owner(id: $0.id) }
  }

  private func newest(_ request: APIRequest) async throws -> APIKey {
    guard let owner = try await ownerID(request) else { throw APIProblem.notFound }
    return try await on.installation.apiKeys.newest(
      named: request.name, tenant: request.caller.tenant, owner: owner.id)
  }

  /// Which tenant and owner a new key has.
  private func place(_ request: APIRequest) async throws -> (TenantID, UserID?) {
    let caller = request.caller
    let tenant = request.text("tenant").map { TenantID($0) }
    if let tenant {
      guard caller.sees(tenant) else { throw APIProblem.notFound }
    }
    guard let owner = try await ownerID(request) else {
      throw caller.user == nil ? APIProblem.notFound : .forbidden("Your token makes keys of your own only.")
    }
    guard let id = owner.id else { return (tenant ?? caller.tenant ?? .default, nil) }
    guard let user = try await on.installation.store.user(id), tenant == nil || tenant == user.tenant else {
      throw APIProblem.conflict("tenant isn't the owner's; leave it out.")
    }
    return (user.tenant, id)
  }

  private func scope(_ request: APIRequest) throws -> KeyScope {
    let known = Set(on.configuration.servers.map(\.name))
    let servers = request.texts("servers").map { Set($0.map { ServerName($0) }) }
    if let servers, !servers.isSubset(of: known) {
      throw APIProblem.conflict("servers names one that isn't configured.")
    }
    return KeyScope(
      servers: servers, tools: request.texts("tools").map { $0.map { ToolPattern($0) } },
      isReadOnly: request.flag("read_only"), addresses: request.texts("addresses"))
  }

  private static func show(_ made: (record: APIKey, key: Secret), _ status: Int) -> APIAnswer {
    // The one place where it leaves the process.
    APIAnswer(
      status,
      [
        "name": .string(made.record.name), "key": .string(ByteString(made.key.expose()).string),
        "expires_at": .string(made.record.expiresAt.text), "id": .string(made.record.id.string),
      ])
  }
}
