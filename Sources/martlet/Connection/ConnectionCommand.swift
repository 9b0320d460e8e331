import ArgumentParser

/// `martlet connection …`.
struct ConnectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connection", abstract: "Accounts at servers: users' own, and Martlet's.",
    subcommands: [
      ConnectionList.self, ConnectionShow.self, ConnectionEnter.self, ConnectionRefresh.self, ConnectionRevoke.self,
    ])
}
