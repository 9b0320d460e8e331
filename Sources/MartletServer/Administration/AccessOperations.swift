import MartletDomain
import MartletIdentity
import StrictCoding

/// Who can reach what, and taking it away; the bearers of this API.
struct AccessOperations: Sendable {
  let on: AdminDependencies

  private static let entry = APISchema(
    "Access",
    [
      "subject": "string", "tenant": "string", "server": "string", "by": "string", "through": "string",
      "detail": "string?", "rules": "[string]", "since": "time", "last_used_at": "time?", "expires_at": "time?",
    ])
  private static let revoked = APISchema(
    "AccessRevocation",
    [
      "revoked": "string", "grants": "integer", "keys": "integer", "sessions": "integer",
      "connections": "integer", "delegations": "integer", "narrowed": "integer",
      "approvals": "integer",
    ])
  private static let revokedToken = APISchema("TokenRevocation", ["revoked": "string", "grants": "integer"])
  private static let bearer = APISchema(
    "AdminToken",
    [
      "id": "string", "role": "string", "tenant": "string?", "last_four": "string", "created_at": "time",
      "expires_at": "time", "idle_limit": "string?", "live": "boolean",
    ])

  var all: [APIOperation] { [report, revoke, revokeToken, bearers, endBearer] }

  private var report: APIOperation {
    APIOperation(
      "access.report", "GET", "/api/access",
      "Who can reach which server, by which grant, key, delegation, connection or client, and the rules about it.",
      roles: APIRole.reading,
      query: APIPage.fields + [
        APIField("user", .text(256), "Only this user: a name or an id."),
        APIField("server", .text(64), "Only this server."), APIRequest.onlyTenant,
      ], APISchema(listOf: Self.entry, as: "access")
    ) { request in
      let page = try APIPage(request, of: "access", on.installation.sealer)
      var entries = try await on.installation.accessReport.entries(
        tenant: try request.narrowedTenant(), in: on.configuration)
      if let name = request.text("user") {
        guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
        let shown = ByteString(user.shownName)
        entries = entries.filter { ByteString($0.subject) == shown }
      }
      if let server = request.text("server") { entries = entries.filter { $0.server == ServerName(server) } }
      return page.answer(entries, as: "access", id: \.id) { .object($0.json) }
    }
  }

  private var revoke: APIOperation {
    APIOperation(
      "access.revoke", "POST", "/api/access/revoke",
      "Ends tokens, logins, sessions, keys and connections of one user, client, tenant or server, open streams too.",
      roles: APIRole.changing,
      body: [
        APIField("user", .text(256), "A user or service account, by name or id."),
        APIField("client", .text(2048), "A client; only the role admin."),
        APIField("tenant", .text(64), "A tenant with all its members."),
        APIField("server", .text(64), "A server, for everybody; only the role admin."),
      ], needs: .one(["user", "client", "tenant", "server"]), Self.revoked
    ) { request in
      let target = try await target(request)
      var answer = try await on.installation.accessRevoker.revoke(
        target, leaving: target.others(in: on.configuration), by: request.asker, with: { try? on.desk() }
      ).json
      answer["revoked"] = .string(target.words)
      return APIAnswer(200, .object(answer))
    }
  }

  private func target(_ request: APIRequest) async throws -> AccessTarget {
    if let name = request.text("user") {
      guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
      return .user(user)
    }
    if let tenant = request.text("tenant") {
      guard request.caller.sees(TenantID(tenant)) else { throw APIProblem.notFound }
      return .tenant(TenantID(tenant))
    }
    guard request.caller.role == .admin else {
      throw APIProblem.forbidden("Clients and servers are shared by tenants: only the role admin takes them away.")
    }
    if let server = request.text("server") {
      guard on.configuration.servers.contains(where: { $0.name == ServerName(server) }) else {
        throw APIProblem.notFound
      }
      return .server(RouteID(server: ServerName(server)))
    }
    return .client(ClientID(request.text("client") ?? ""))
  }

  private var revokeToken: APIOperation {
    APIOperation(
      "tokens.revoke", "POST", "/api/tokens/revoke",
      "Takes a token away: an access token alone, a refresh token with its grant.", roles: APIRole.changing,
      body: [APIField("token", .text(16_384), required: true, "The token.")], Self.revokedToken
    ) { request in
      guard let found = try await TokenTarget.find(ByteString(request.text("token") ?? ""), in: on.installation),
        found.tenant.map(request.caller.sees) ?? (request.caller.tenant == nil)
      else { throw APIProblem.notFound }
      var event = AuditEvent(
        at: on.installation.clock.now(), action: .tokenRevoked, request: request.id, subject: found.subject,
        client: found.client, reason: "by_api:\(request.caller.subject)", address: request.address)
      event.tenant = found.tenant ?? .default
      let grants = try await on.installation.revoker.revoke(found.target, event: event)
      return APIAnswer(200, ["revoked": .string(found.words), "grants": .integer(Int64(grants.count))])
    }
  }

  private var bearers: APIOperation {
    APIOperation(
      "admin_tokens.list", "GET", "/api/admin-tokens", "Lists bearers of this API, without the bearers themselves.",
      roles: [.admin, .auditor], query: APIPage.fields, APISchema(listOf: Self.bearer, as: "admin_tokens")
    ) { request in
      let page = try APIPage(request, of: "admin_tokens", on.installation.sealer)
      let now = on.installation.clock.now()
      let tokens = try await on.installation.store.adminTokens().filter { token in
        request.caller.tenant.map { $0 == token.tenant } ?? true
      }
      return page.answer(tokens, as: "admin_tokens", id: \.id.value) { .object(AdminTokenJSON.object($0, at: now)) }
    }
  }

  private var endBearer: APIOperation {
    APIOperation(
      "admin_tokens.revoke", "DELETE", "/api/admin-tokens/:name", "Takes a bearer of this API away.",
      roles: APIRole.installation, answers: 204
    ) { request in
      try await on.installation.adminTokens.revoke(AdminTokenID(request.name), by: request.caller.subject)
      return .done
    }
  }
}
