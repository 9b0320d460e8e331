import ArgumentParser

/// `martlet flow list`.
struct FlowList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The newest connection attempts, how far each came, and where it stopped.",
    discussion: """
      Example:
        martlet flow list --limit 50
      """)

  @Option(help: "At most so many, 1 to 10000.")
  var limit = 20

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be 1 to 10000") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let flows = try await installation.store.flows(limit: limit)
      if options.json {
        Terminal.out(.array(flows.map { .object(FlowText.json($0)) }))
      } else if flows.isEmpty {
        Terminal.out("No client has tried to connect yet.")
      } else {
        Terminal.table(FlowText.head, flows.map(FlowText.row))
      }
    }
  }
}
