import ArgumentParser

/// `martlet flow …`.
struct FlowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flow", abstract: "Connection attempts, from the first probe to the first call.",
    subcommands: [FlowList.self, FlowShow.self])
}
