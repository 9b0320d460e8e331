import ArgumentParser
import StrictCoding

/// `martlet user password`.
struct UserPassword: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password", abstract: "Replace a user's password and end the browser logins that the old one began.",
    discussion: """
      Examples:
        martlet user password ada
        printf %s "$PASSWORD" | martlet user password ada --password-stdin
      """)

  @Argument(help: "The login name.")
  var name: String

  @OptionGroup var password: PasswordOptions
  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let (secret, shown) = try password.password(installation.random)
      try await installation.localUsers.setPassword(name, to: secret)
      if options.json {
        var answer: JSONObject = ["name": .string(name)]
        answer["password"] = shown.map { .string($0) }
        Terminal.out(.object(answer))
      } else {
        Terminal.out("The password of \(name) was replaced.")
        if let shown { Terminal.out("The new password is shown this once: \(shown)") }
      }
    }
  }
}
