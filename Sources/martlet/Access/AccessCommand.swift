import ArgumentParser

/// `martlet access …`.
struct AccessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access", abstract: "Who can reach what, and taking it away.",
    subcommands: [AccessShow.self, AccessRevoke.self])
}
