import ArgumentParser

/// `martlet admin …`.
struct AdminCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "Bearers of the admin API at /api.",
    subcommands: [AdminIssue.self, AdminList.self, AdminRevoke.self])
}
