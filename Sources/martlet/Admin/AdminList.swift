import ArgumentParser
import MartletDomain
import MartletServer

/// `martlet admin list`.
struct AdminList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Bearers of the admin API, without the bearers themselves.",
    discussion: """
      Example:
        martlet admin list --json
      """)

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let now = installation.clock.now()
      let tokens = try await installation.store.adminTokens()
      if options.json {
        Terminal.out(.array(tokens.map { .object(AdminTokenJSON.object($0, at: now)) }))
      } else if tokens.isEmpty {
        Terminal.out("There are none. Make one: martlet admin token --role admin")
      } else {
        Terminal.table(
          ["id", "role", "tenant", "state", "ends", "bearer"],
          tokens.map { token in
            [
              token.id.string, token.role.rawValue, token.tenant?.string ?? "all",
              token.isLive(at: now) ? "live" : "ended", token.expiresAt.text, "…" + token.lastFour,
            ]
          })
      }
    }
  }
}
