import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

/// `martlet access revoke`.
struct AccessRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "End tokens, logins, sessions, keys and connections of one user, client, tenant or server.",
    discussion: """
      Every running Martlet on this data folder refuses them within a second, and open streams end. Whoever may still \
      log in can begin anew; `martlet user disable` keeps a user out.

      Examples:
        martlet access revoke --user ada
        martlet access revoke --server github
      """)

  @Option(help: "A login name, a service account, or an id as `martlet user list --json` shows it.")
  var user: String?

  @Option(help: ArgumentHelp("All that was begun through this client.", valueName: "client-id"))
  var client: String?

  @Option(help: "All that this tenant's members have.")
  var tenant: String?

  @Option(help: ArgumentHelp("All that reaches this server; keys for others go on for those.", valueName: "name"))
  var server: String?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard [user, client, tenant, server].compactMap({ $0 }).count == 1 else {
      throw ValidationError("name one thing: --user, --client, --tenant or --server")
    }
  }

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let target = try await target(installation, configuration)
      let done = try await installation.accessRevoker.revoke(
        target, leaving: target.others(in: configuration), by: Asker(),
        with: { await options.desk(installation, configuration) })
      if options.json {
        var answer = done.json
        answer["revoked"] = .string(target.words)
        Terminal.out(.object(answer))
      } else {
        Terminal.out(
          "Revoked \(PlainText.sanitized(target.words)): \(done.grants) grants, \(done.keys) keys, "
            + "\(done.sessions) sessions, \(done.connections) connections, \(done.delegations) delegations, "
            + "\(done.approvals) approvals; "
            + "\(done.narrowed) narrowed to other servers.")
      }
    }
  }

  private func target(_ installation: Installation, _ configuration: Configuration) async throws -> AccessTarget {
    if let user = try await installation.knownUser(ifNamed: user) { return .user(user) }
    if let tenant { return .tenant(TenantID(tenant)) }
    if let server {
      try ServerNames.check([server], configuration)
      return .server(RouteID(server: ServerName(server)))
    }
    return .client(ClientID(client ?? ""))
  }
}
