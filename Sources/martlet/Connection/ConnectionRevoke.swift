import ArgumentParser
import MartletServer

/// `martlet connection revoke`.
struct ConnectionRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take an account away, here and where its tokens were issued.",
    discussion: """
      Example:
        martlet connection revoke github --user ada
      """)

  @OptionGroup var choice: ConnectionChoice

  func run() async throws {
    try await choice.options.withInstallation(requiringSecrets: true) { installation, configuration in
      let key = try choice.key(try await ConnectionNames(installation.store))
      let desk = try ConnectionDesk(installation: installation, configuration: configuration)
      guard try await desk.revoke(key) else { throw choice.nothingThere }
      choice.answer("revoked", "The account at \(choice.server) was taken away. Servers stop using it within a second.")
    }
  }
}
