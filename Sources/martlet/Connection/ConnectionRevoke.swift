import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
import StrictCoding

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
    try await choice.options.withInstallation { installation, configuration in
      let key = try choice.key(try await ConnectionNames(installation.store))
      guard let desk = await choice.options.desk(installation, configuration) else {
        throw CommandFailure(
          "the configuration's egress rules can't be read", advice: "Check them: martlet config check.")
      }
      guard let returns = try await desk.revoke(key, by: Asker()) else { throw choice.nothingThere }
      let back =
        key.owner == .tenant
        ? " Where Martlet gets its tokens itself, `martlet connection refresh` begins it anew." : ""
      choice.answer(
        "revoked", "The account at \(choice.server) was taken away. It isn't used any more within a second.\(back)",
        ["tokens": .array(returns.map { .string($0.rawValue) })])
      if !choice.options.json { returns.forEach { Terminal.out(Self.words($0)) } }
    }
  }

  private static func words(_ outcome: TokenReturn) -> String {
    switch outcome {
    case .done: "Its tokens were given back to its authorization server."
    case .notOffered: "Its authorization server takes no tokens back: they stay good there until they end."
    case .failed:
      "Its tokens could not be given back: they stay good at its authorization server until they end. Take them away there."
    }
  }
}
