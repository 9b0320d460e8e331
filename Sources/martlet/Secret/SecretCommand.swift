import ArgumentParser

/// `martlet secret …`.
struct SecretCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "secret", abstract: "The keys that seal credentials and other secrets.",
    subcommands: [SecretStatusCommand.self, SecretRotate.self])
}
