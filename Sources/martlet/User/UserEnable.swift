import ArgumentParser

/// `martlet user enable`.
struct UserEnable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Let a disabled user log in again.",
    discussion: """
      Example:
        martlet user enable ada
      """)

  @OptionGroup var user: UserAccess

  func run() async throws {
    try await user.set(
      disabled: false, saying: "The user \(user.name) can log in again.")
  }
}
