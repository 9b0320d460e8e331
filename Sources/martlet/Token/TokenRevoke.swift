import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet token revoke`.
struct TokenRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Take tokens away; every running Martlet on this data folder refuses them within a second.",
    discussion: """
      An access token dies alone; a refresh token takes its whole grant with it, access tokens included.

      Examples:
        martlet token revoke --user ada
        martlet token revoke --client nightly-5f0c2d9a81b3
        martlet token revoke - < token.txt
      """)

  @Argument(help: "An access or refresh token; - reads it from standard input.")
  var token: String?

  @Option(help: "Every token of this user: a login name, or an id as `martlet user list --json` shows it.")
  var user: String?

  @Option(help: ArgumentHelp("Every token of this client.", valueName: "client-id"))
  var client: String?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard [token, user, client].compactMap({ $0 }).count == 1 else {
      throw ValidationError("name one thing: TOKEN, --user or --client")
    }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let found = try await target(installation)
      var event = AuditEvent(
        at: installation.clock.now(), action: .tokenRevoked, client: found.client, reason: "by_administrator")
      event.tenant = found.tenant ?? .default
      event.subject = found.subject
      let revoked = try await installation.revoker.revoke(found.target, event: event)
      if options.json {
        Terminal.out(["revoked": .string(found.words), "grants_revoked": .number(JSONNumber(Int64(revoked.count)))])
      } else {
        Terminal.out("Revoked: \(found.words) (\(revoked.count) grants).")
      }
    }
  }

  private func target(_ installation: Installation) async throws -> RevocationSubject {
    if let user { return try await RevocationSubject(user: user, installation) }
    if let client { return RevocationSubject(client: client) }
    let text = token == "-" ? ByteString(Terminal.firstLine(limit: 20_000)) : ByteString(token ?? "")
    return try await RevocationSubject(token: text, installation)
  }
}
