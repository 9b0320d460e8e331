import ArgumentParser

/// `martlet signing-key …`.
struct SigningKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signing-key", abstract: "The keys that sign tokens and assertions.",
    subcommands: [SigningKeyList.self, SigningKeyRotate.self])
}
