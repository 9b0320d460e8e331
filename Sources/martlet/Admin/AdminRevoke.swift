import ArgumentParser
import MartletDomain
import MartletIdentity

/// `martlet admin revoke`.
struct AdminRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a bearer of the admin API away; its next request is refused.",
    discussion: """
      Example:
        martlet admin revoke 4Zk0aB9qLm2x
      """)

  @Argument(help: "Its id, as `martlet admin list` shows it.")
  var id: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      try await AdminWords.failing { () throws(AdminTokenError) in
        try await installation.adminTokens.revoke(AdminTokenID(id))
      }
      if options.json {
        Terminal.out(["id": .string(id), "revoked": true])
      } else {
        Terminal.out("The bearer \(id) was revoked.")
      }
    }
  }
}
