import ArgumentParser

/// `martlet tool …`.
struct ToolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tool", abstract: "Tools whose definitions are pinned (policy.pin_tools).",
    subcommands: [ToolList.self, ToolAccept.self])
}
