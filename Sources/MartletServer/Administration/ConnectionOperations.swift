import MartletDomain
import StrictCoding

/// Accounts at servers in the admin API; tokens are never among it.
struct ConnectionOperations: Sendable {
  let on: AdminDependencies

  private static let connection = APISchema(
    "Connection",
    [
      "server": "string", "user": "string?", "user_id": "string?", "tenant": "string", "state": "string",
      "reason": "string?", "unverified": "boolean", "issuer": "string", "scope": "string", "connected_at": "time",
      "refreshed_at": "time?", "expires_at": "time?",
    ])
  private static let details = connection.adding(
    [
      "client_id": "string", "asked_scope": "string", "missing_scope": "string", "refreshable": "boolean",
      "version": "integer", "failures": "integer", "refresh_at": "time?", "retry_at": "time?",
    ], as: "ConnectionDetails")
  private static let choice = [
    APIField("user", .text(256), "Whose: a name or an id; Martlet's own without it."),
    APIField("tenant", .text(64), "The tenant of an account of Martlet's own; the caller's, or default, without it."),
    APIField("login", .flag, "Whether it is a user's login at the identity provider of that name, and no server's."),
  ]

  var all: [APIOperation] { [list, show, refresh, revoke] }

  private var list: APIOperation {
    APIOperation(
      "connections.list", "GET", "/api/connections", "Lists accounts at servers; tokens are never among it.",
      roles: APIRole.reading,
      query: APIPage.fields + [APIField("user", .text(256), "Only this user's: a name or an id.")],
      APISchema(listOf: Self.connection, as: "connections")
    ) { request in
      let page = try APIPage(request, of: "connections", on.installation.sealer)
      var owner: ConnectionOwner?
      if let name = request.text("user") {
        guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
        owner = .user(user.id)
      }
      let found = try await on.installation.store.connections(tenant: request.caller.tenant, owner: owner)
      let names = try await on.names()
      return page.answer(found, as: "connections", id: Self.id) { connection in
        .object(ConnectionJSON.summary(connection, of: Self.user(connection, names)))
      }
    }
  }

  private var show: APIOperation {
    APIOperation(
      "connections.show", "GET", "/api/connections/:name", "Shows one account: how it stands, and when it is renewed.",
      roles: APIRole.reading, query: Self.choice, Self.details
    ) { request in try await details(of: try await key(request)) }
  }

  private var refresh: APIOperation {
    APIOperation(
      "connections.refresh", "POST", "/api/connections/:name/refresh",
      "Renews an account's tokens now; 409 where its owner has to connect it again.", roles: APIRole.changing,
      body: Self.choice, Self.details
    ) { request in
      let key = try await key(request)
      guard try await on.installation.store.connection(key) != nil else { throw APIProblem.notFound }
      switch try await on.desk().refresh(key) {
      case .done: return try await details(of: key)
      case .notConfigured: throw APIProblem.conflict(ConnectionDesk.notConfigured(key.route))
      case .ownerNeeded(nil): throw APIProblem.notFound
      case .ownerNeeded(let reason?):
        throw APIProblem.conflict(
          "Its owner has to connect it again at /connect/\(key.route.server): \(reason.rawValue).")
      case .later(let reason):
        let why = reason.map { " (\($0.rawValue))" } ?? ""
        throw APIProblem(
          503, "temporarily_unavailable", "It could not be renewed at this moment\(why); nothing is lost.",
          retryAfter: 10)
      }
    }
  }

  private var revoke: APIOperation {
    APIOperation(
      "connections.revoke", "DELETE", "/api/connections/:name",
      "Takes an account at a server away, here and where its tokens were issued.", roles: APIRole.changing,
      query: Self.choice, answers: 204
    ) { request in
      guard try await on.desk().revoke(try await key(request), by: request.asker) != nil else {
        throw APIProblem.notFound
      }
      return .done
    }
  }

  /// The account that a request is about, which needn't be there.
  private func key(_ request: APIRequest) async throws -> ConnectionKey {
    let route = request.flag("login") ? RouteID.login(request.name) : RouteID(server: ServerName(request.name))
    if let name = request.text("user") {
      guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
      return ConnectionKey(tenant: user.tenant, route: route, owner: .user(user.id))
    }
    return ConnectionKey(tenant: try request.ownTenant(), route: route, owner: .tenant)
  }

  private func details(of key: ConnectionKey) async throws -> APIAnswer {
    guard let connection = try await on.installation.store.connection(key) else { throw APIProblem.notFound }
    let names = try await on.names()
    return APIAnswer(200, .object(ConnectionJSON.details(connection, of: Self.user(connection, names))))
  }

  private static func user(_ connection: UpstreamConnection, _ names: [UserID: String]) -> String? {
    if case .user(let id) = connection.key.owner { names[id] ?? id.string } else { nil }
  }

  private static func id(_ connection: UpstreamConnection) -> ByteString {
    let key = connection.key
    return ByteString(key.tenant.value.bytes + [0] + key.route.server.value.bytes + [0] + key.owner.stored.bytes)
  }
}
