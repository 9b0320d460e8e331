import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// Which account a command is about.
struct ConnectionChoice: ParsableArguments {
  @Argument(help: "The server's name; login/NAME for users' logins at an identity provider.")
  var server: String

  @Option(help: ArgumentHelp("Whose account: a login name or an id. Without it: Martlet's own.", valueName: "name"))
  var user: String?

  @Option(help: ArgumentHelp("The tenant of an account of Martlet's own (default: default).", valueName: "name"))
  var tenant: String?

  @OptionGroup var options: InstallationOptions

  func key(_ names: ConnectionNames) throws(CommandFailure) -> ConnectionKey {
    let route = RouteID(resourcePath: "/" + server) ?? RouteID(server: ServerName(server))
    guard let user else {
      return ConnectionKey(tenant: tenant.map { TenantID($0) } ?? .default, route: route, owner: .tenant)
    }
    let found = try names.user(named: user)
    guard tenant.map({ TenantID($0) == found.tenant }) ?? true else {
      throw CommandFailure(
        "\(PlainText.sanitized(user, limit: 64)) is no user of that tenant, but of \(found.tenant)",
        advice: "Leave --tenant out: a user has one tenant.")
    }
    return ConnectionKey(tenant: found.tenant, route: route, owner: .user(found.id))
  }

  var nothingThere: CommandFailure {
    CommandFailure(
      "there is no such account at \(PlainText.sanitized(server, limit: 64))",
      advice: "See what there is: martlet connection list")
  }

  /// The choice as another command takes it.
  var words: String { server + (user.map { " --user \($0)" } ?? "") + (tenant.map { " --tenant \($0)" } ?? "") }

  func answer(_ verb: String, _ sentence: String, _ more: JSONObject = [:]) {
    guard options.json else { return Terminal.out(sentence) }
    var answer: JSONObject = ["server": .string(server), "user": user.map { .string($0) } ?? .null, verb: .bool(true)]
    for (name, value) in more.members { answer[name] = value }
    Terminal.out(.object(answer))
  }
}

/// Users by name and id.
struct ConnectionNames {
  private let users: [User]

  init(_ store: any UserStore) async throws(StoreError) { users = try await store.users() }

  func user(named name: String) throws(CommandFailure) -> User {
    let wanted = ByteString(name)
    guard let found = users.first(where: { $0.accountName.map { ByteString($0) } == wanted || $0.id.value == wanted })
    else {
      throw CommandFailure(
        "there is no user \(PlainText.sanitized(name, limit: 64))",
        advice: "Users of identity providers are named by their id. See who there is: martlet user list")
    }
    return found
  }

  func name(of owner: ConnectionOwner) -> String {
    guard let id = owner.user else { return "(Martlet)" }
    return user(id).map(\.shownName) ?? id.string
  }

  /// The same, with the id where that alone names the user.
  func label(of owner: ConnectionOwner) -> String {
    guard let id = owner.user, let found = user(id), found.accountName == nil else { return name(of: owner) }
    return "\(found.displayName) (\(id))"
  }

  private func user(_ id: UserID) -> User? { users.first { $0.id == id } }
}
