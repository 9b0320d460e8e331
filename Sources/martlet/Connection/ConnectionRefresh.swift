import ArgumentParser
import MartletServer

/// `martlet connection refresh`.
struct ConnectionRefresh: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh", abstract: "Renew an account's tokens now.",
    discussion: """
      Servers that run go on meanwhile; the refresh token is never redeemed twice.

      Example:
        martlet connection refresh github --user ada
      """)

  @OptionGroup var choice: ConnectionChoice

  func run() async throws {
    try await choice.options.withInstallation(requiringSecrets: true) { installation, configuration in
      let key = try choice.key(try await ConnectionNames(installation.store))
      let desk = try ConnectionDesk(installation: installation, configuration: configuration)
      switch try await desk.refresh(key) {
      case .done: choice.answer("refreshed", "The account at \(choice.server) has new tokens.")
      case .notConfigured:
        throw CommandFailure(
          ConnectionDesk.notConfigured(key.route), advice: "Check the name, and which configuration this is: --config.")
      case .ownerNeeded(nil): throw choice.nothingThere
      case .ownerNeeded(.notRefreshable?):
        throw CommandFailure(
          "the account at \(choice.server) has nothing to renew: what it has is good until it expires",
          advice: "Where it is no good any more, its owner connects it again, or enters another key.")
      case .ownerNeeded(let reason?):
        throw CommandFailure(
          "the account at \(choice.server) can't be renewed: \(reason.rawValue)",
          advice: "Its owner has to connect it again, at \(configuration.publicURL)/connect/\(choice.server).")
      case .later(let reason):
        throw CommandFailure(
          "the account at \(choice.server) could not be renewed at this moment"
            + (reason.map { " (\($0.rawValue))" } ?? "") + "; nothing is lost",
          advice: "See why: martlet connection show \(choice.words). Then run this again.")
      }
    }
  }
}
