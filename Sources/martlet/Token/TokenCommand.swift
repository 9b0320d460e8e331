import ArgumentParser

/// `martlet token …`.
struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Tokens that clients hold.", subcommands: [TokenRevoke.self])
}
