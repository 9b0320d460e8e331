import ArgumentParser

/// `martlet user disable`.
struct UserDisable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Take access away at once: logins, sessions and tokens.",
    discussion: """
      Example:
        martlet user disable ada
      """)

  @Argument(help: "The login name.")
  var name: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      try await installation.localUsers.disable(name)
      if options.json {
        Terminal.out(["name": .string(name), "disabled": true])
      } else {
        Terminal.out("The user \(name) was disabled. Calls with its tokens are refused within a second.")
      }
    }
  }
}
