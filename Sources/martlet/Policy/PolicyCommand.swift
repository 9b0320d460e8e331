import ArgumentParser

/// `martlet policy …`.
struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Who may do what.",
    subcommands: [PolicyCheck.self, PolicyTest.self, PolicyExplain.self])
}
