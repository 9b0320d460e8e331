import ArgumentParser
import MartletIdentity
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
      guard try await desk.revoke(key, by: APIKeys.Asker()) else { throw choice.nothingThere }
      let back =
        key.owner == .tenant
        ? " Where Martlet gets its tokens itself, `martlet connection refresh` begins it anew." : ""
      choice.answer(
        "revoked", "The account at \(choice.server) was taken away. It isn't used any more within a second.\(back)")
    }
  }
}
