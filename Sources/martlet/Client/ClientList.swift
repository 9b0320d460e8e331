import ArgumentParser
import MartletDomain

/// `martlet client list`.
struct ClientList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Clients of the file, added ones, and those that registered themselves.",
    discussion: """
      Clients that are known by a URL of their own (Client ID Metadata Documents) aren't stored and don't appear.

      Example:
        martlet client list --json
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let configured = configuration.clients.sorted { $0.id < $1.id }
      let clients = configured + (try await installation.store.clients())
      if options.json {
        Terminal.out(.array(clients.map { .object(ClientText.json($0)) }))
      } else if clients.isEmpty {
        Terminal.out("There are no clients yet. Most register themselves; or: martlet client add NAME")
      } else {
        Terminal.table(ClientText.head, clients.map(ClientText.row))
      }
    }
  }
}
