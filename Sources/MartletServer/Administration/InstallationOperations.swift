import MartletDomain
import StrictCoding

/// Signing keys and upstream accounts in the admin API.
struct InstallationOperations: Sendable {
  let on: AdminDependencies

  private static let signingKey = APISchema(
    "SigningKey",
    ["kid": "string", "use": "string", "created_at": "time", "activates_at": "time", "retires_at": "time?"])
  private static let newKey = APISchema("NewSigningKey", ["kid": "string", "use": "string"])
  private static let connection = APISchema(
    "Connection",
    [
      "server": "string", "user": "string?", "tenant": "string", "state": "string", "reason": "string?",
      "issuer": "string", "scope": "string", "connected_at": "time", "refreshed_at": "time?", "expires_at": "time?",
    ])

  var all: [APIOperation] { [keys, rotate, connections, disconnect] }

  private var keys: APIOperation {
    APIOperation(
      "signing_keys.list", "GET", "/api/signing-keys",
      "Every key that is published at /jwks, without its private part.",
      roles: [.admin, .auditor], query: APIPage.fields, APISchema(listOf: Self.signingKey, as: "signing_keys")
    ) { request in
      let page = try APIPage(request, of: "signing_keys", on.installation.sealer)
      let found = try await on.installation.store.signingKeys(at: on.installation.clock.now())
      return page.answer(found, as: "signing_keys", id: { ByteString($0.id) }) { key in
        [
          "kid": .string(key.id), "use": .string(key.use.rawValue), "created_at": .string(key.createdAt.text),
          "activates_at": .string(key.activatesAt.text),
          "retires_at": key.retiresAt.map { .string($0.text) } ?? .null,
        ]
      }
    }
  }

  private var rotate: APIOperation {
    APIOperation(
      "signing_keys.rotate", "POST", "/api/signing-keys/rotate",
      "Adds a signing key; no valid token is refused because of it.", roles: APIRole.installation,
      body: [
        APIField("use", .choice(SigningKeyUse.allCases.map(\.rawValue)), "What it signs; access_token without it.")
      ], answers: 201, Self.newKey
    ) { request in
      let use = request.text("use").flatMap { SigningKeyUse(rawValue: $0) } ?? .accessToken
      let key = try await on.installation.rotateSigningKey(use, by: request.asker)
      return APIAnswer(201, ["kid": .string(key), "use": .string(use.rawValue)])
    }
  }

  private var connections: APIOperation {
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
      return page.answer(found, as: "connections", id: Self.id) { Self.json($0, names) }
    }
  }

  private var disconnect: APIOperation {
    APIOperation(
      "connections.revoke", "DELETE", "/api/connections/:name",
      "Takes an account at a server away, here and where its tokens were issued.", roles: APIRole.changing,
      query: [
        APIField("user", .text(256), "Whose: a name or an id; Martlet's own without it."),
        APIField(
          "tenant", .text(64), "The tenant of an account of Martlet's own; the caller's, or default, without it."),
      ], answers: 204
    ) { request in
      let route = RouteID(server: ServerName(request.name))
      var key = ConnectionKey(
        tenant: request.text("tenant").map { TenantID($0) } ?? request.caller.tenant ?? .default, route: route,
        owner: .tenant)
      if let name = request.text("user") {
        guard let user = try await on.user(name, for: request.caller) else { throw APIProblem.notFound }
        key = ConnectionKey(tenant: user.tenant, route: route, owner: .user(user.id))
      }
      guard request.caller.sees(key.tenant) else { throw APIProblem.notFound }
      let desk = try ConnectionDesk(installation: on.installation, configuration: on.configuration)
      guard try await desk.revoke(key) else { throw APIProblem.notFound }
      return .done
    }
  }

  private static func id(_ connection: UpstreamConnection) -> ByteString {
    let key = connection.key
    return ByteString(key.tenant.value.bytes + [0] + key.route.server.value.bytes + [0] + key.owner.stored.bytes)
  }

  private static func json(_ connection: UpstreamConnection, _ names: [UserID: String]) -> JSONValue {
    let (key, ledger) = (connection.key, connection.ledger)
    var user: JSONValue = .null
    if case .user(let id) = key.owner { user = .string(names[id] ?? id.string) }
    func time(_ time: Timestamp?) -> JSONValue { time.map { .string($0.text) } ?? .null }
    return [
      "server": .string(key.route.server.string), "user": user, "tenant": .string(key.tenant.string),
      "state": .string(ledger.state.rawValue), "reason": ledger.reason.map { .string($0.rawValue) } ?? .null,
      "issuer": .string(connection.issuer), "scope": .string(connection.scope.string),
      "connected_at": time(connection.connectedAt), "refreshed_at": time(connection.refreshedAt),
      "expires_at": time(connection.expiresAt),
    ]
  }
}
