import ArgumentParser
import MartletDomain
import MartletServer
import StrictCoding

/// `martlet access report`.
struct AccessShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Who can reach which server, by what, under which rules, and its last use.",
    discussion: """
      Example:
        martlet access report --server github --json
      """)

  @Option(help: "Only this tenant.")
  var tenant: String?

  @Option(help: ArgumentHelp("Only this server.", valueName: "name"))
  var server: String?

  @Option(help: "Only this user: a login name or a service account.")
  var user: String?

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      if let server { try ServerNames.check([server], configuration) }
      let wanted = try await installation.knownUser(ifNamed: user)
      let entries = try await installation.accessReport.entries(
        tenant: tenant.map { TenantID($0) }, in: configuration
      ).filter { entry in
        (server.map { ServerName($0) == entry.server } ?? true)
          && (wanted.map { ByteString($0.shownName) == ByteString(entry.subject) } ?? true)
      }
      if options.json {
        Terminal.out(.array(entries.map { .object($0.json) }))
      } else if entries.isEmpty {
        Terminal.out("Nobody can reach anything.")
      } else {
        Terminal.table(
          ["who", "tenant", "server", "by", "through", "detail", "rules", "last used", "ends"],
          entries.map { entry in
            [
              entry.subject, entry.tenant.string, entry.server.string, entry.way.rawValue, entry.through,
              entry.detail ?? "", entry.rules.joined(separator: ", "), entry.lastUsedAt?.text ?? "never",
              entry.expiresAt?.text ?? "",
            ]
          })
      }
    }
  }
}
