import ArgumentParser

/// `martlet user disable`.
struct UserDisable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Take access away at once: logins, sessions and tokens.",
    discussion: """
      Example:
        martlet user disable ada
      """)

  @OptionGroup var user: UserAccess

  func run() async throws {
    try await user.set(
      disabled: true, saying: "The user \(user.name) was disabled. Calls with its tokens are refused within a second.")
  }
}
