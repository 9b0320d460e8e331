import ArgumentParser
import MartletDomain

/// `martlet connection list`.
struct ConnectionList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Every account, how it stands, and what should be done about it.",
    discussion: """
      Examples:
        martlet connection list
        martlet connection list --user ada --json
      """)

  @Option(help: ArgumentHelp("Only this user's: a login name or an id.", valueName: "name"))
  var user: String?

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let names = try await ConnectionNames(installation.store)
      var owner: ConnectionOwner?
      if let user { owner = .user(try names.user(named: user).id) }
      let connections = try await installation.store.connections(tenant: nil, owner: owner)
      if options.json {
        Terminal.out(.array(connections.map { .object(ConnectionText.json($0, names)) }))
      } else if connections.isEmpty {
        Terminal.out("There are no accounts yet. Users connect theirs at \(configuration.publicURL)/connect/SERVER.")
      } else {
        Terminal.table(ConnectionText.head, connections.map { ConnectionText.row($0, names) })
      }
    }
  }
}
