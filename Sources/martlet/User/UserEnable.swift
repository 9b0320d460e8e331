import ArgumentParser

/// `martlet user enable`.
struct UserEnable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Let a disabled user log in again.",
    discussion: """
      Example:
        martlet user enable ada
      """)

  @Argument(help: "The login name.")
  var name: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      try await installation.localUsers.enable(name)
      if options.json {
        Terminal.out(["name": .string(name), "disabled": false])
      } else {
        Terminal.out("The user \(name) can log in again.")
      }
    }
  }
}
