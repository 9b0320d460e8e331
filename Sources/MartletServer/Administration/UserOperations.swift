import MartletDomain
import MartletIdentity
import StrictCoding

/// Users and service accounts in the admin API.
struct UserOperations: Sendable {
  let on: AdminDependencies

  private static let user = APISchema(
    "User",
    [
      "name": "string", "id": "string", "tenant": "string", "admin": "boolean", "service": "boolean",
      "disabled": "boolean", "issuer": "string?", "created_at": "time", "password": "string",
    ], optional: ["password"])

  var all: [APIOperation] {
    [
      list, add, remove, password,
      turn("disable", "Takes access away at once: logins, sessions, tokens and keys.", disabled: true),
      turn("enable", "Lets a disabled user log in and its keys work again.", disabled: false),
    ]
  }

  private var list: APIOperation {
    APIOperation(
      "users.list", "GET", "/api/users", "Lists everyone who has an account here.", roles: APIRole.reading,
      query: APIPage.fields, APISchema(listOf: Self.user, as: "users")
    ) { request in
      let page = try APIPage(request, of: "users", on.installation.sealer)
      let users = try await on.installation.store.users().filter { request.caller.sees($0.tenant) }
      return page.answer(users, as: "users", id: \.id.value) { .object(UserJSON.object($0)) }
    }
  }

  private var add: APIOperation {
    APIOperation(
      "users.add", "POST", "/api/users", "Makes a local user or a service account; a made password is shown this once.",
      roles: APIRole.changing,
      body: [
        APIField("name", .word(.login), required: true, "The login name: 1 to 64 of a-z, 0-9 and . _ @ -"),
        APIField("password", .secret(8...256), "8 to 256 characters; without it one is made and shown."),
        APIField("tenant", .word(.tenant), "The tenant; the caller's, or default, without it."),
        APIField("admin", .flag, "Whether the user may administer the installation."),
        APIField("service", .flag, "A service account, which owns keys and can't log in."),
      ], answers: 201, Self.user
    ) { request in
      let tenant = try tenant(request)
      let name = request.text("name") ?? ""
      let isAdministrator = request.flag("admin")
      if isAdministrator, request.caller.role != .admin {
        throw APIProblem.forbidden("Only the role admin makes administrators of the installation.")
      }
      let users = on.installation.localUsers
      if request.flag("service") {
        guard !isAdministrator, request.text("password") == nil else {
          throw APIProblem.conflict("A service account has no password and administers nothing.")
        }
        return APIAnswer(201, .object(UserJSON.object(try await users.createService(name, tenant: tenant))))
      }
      let made = Base64URL.encode(on.installation.random.bytes(15))
      let user = try await users.create(
        name, password: Secret(request.text("password") ?? made), tenant: tenant, isAdministrator: isAdministrator)
      var answer = UserJSON.object(user)
      if request.text("password") == nil { answer["password"] = .string(made) }
      return APIAnswer(201, .object(answer))
    }
  }

  private func turn(_ verb: String, _ summary: String, disabled: Bool) -> APIOperation {
    APIOperation(
      "users.\(verb)", "POST", "/api/users/:name/\(verb)", summary, roles: APIRole.changing, body: [], Self.user
    ) { request in
      let user = try await target(request)
      if disabled {
        try await on.installation.localUsers.disable(user.id.string)
      } else {
        try await on.installation.localUsers.enable(user.id.string)
      }
      guard let changed = try await on.installation.store.user(user.id) else { throw APIProblem.notFound }
      return APIAnswer(200, .object(UserJSON.object(changed)))
    }
  }

  private var password: APIOperation {
    APIOperation(
      "users.password", "POST", "/api/users/:name/password",
      "Replaces a local user's password and ends the logins of the old one; a made one is shown this once.",
      roles: APIRole.changing,
      body: [APIField("password", .secret(8...256), "8 to 256 characters; without it one is made and shown.")],
      Self.user
    ) { request in
      let user = try await target(request)
      guard let name = user.loginName else { throw APIProblem.conflict("Only local users have a password here.") }
      let made = Base64URL.encode(on.installation.random.bytes(15))
      try await on.installation.localUsers.setPassword(name, to: Secret(request.text("password") ?? made))
      var answer = UserJSON.object(user)
      if request.text("password") == nil { answer["password"] = .string(made) }
      return APIAnswer(200, .object(answer))
    }
  }

  private var remove: APIOperation {
    APIOperation(
      "users.remove", "DELETE", "/api/users/:name", "Ends all that a user has, then removes the user.",
      roles: APIRole.changing, answers: 204
    ) { request in
      let user = try await target(request)
      try await on.installation.accessRevoker.remove(user, by: request.asker, with: { try? on.desk() })
      return .done
    }
  }

  private func target(_ request: APIRequest) async throws -> User {
    guard let user = try await on.user(request.name, for: request.caller) else { throw APIProblem.notFound }
    if user.isAdministrator, request.caller.role != .admin {
      throw APIProblem.forbidden("Only the role admin changes administrators of the installation.")
    }
    return user
  }

  private func tenant(_ request: APIRequest) throws -> TenantID {
    guard let text = request.text("tenant") else { return request.caller.tenant ?? .default }
    guard request.caller.sees(TenantID(text)) else { throw APIProblem.notFound }
    return TenantID(text)
  }
}
