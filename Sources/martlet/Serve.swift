import ArgumentParser
import MartletServer

/// `martlet serve`.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stand in front of MCP servers: log clients in, check every call, pass it on.",
    discussion: """
      Examples:
        martlet serve --upstream http://127.0.0.1:9001/mcp
            One server at /upstream/mcp, no file needed; makes the user admin at first start.
        martlet serve --config martlet.yaml
            Everything that the file says. SIGHUP reads it again, SIGTERM stops in order.
      """)

  @Option(help: "The configuration file (martlet.yaml where it exists).")
  var config: String?

  @Option(help: "The URL of one MCP server, instead of a file.")
  var upstream: String?

  @Option(help: "The name of that server, the first segment of its route (upstream).")
  var name: String?

  @Option(help: "Where to listen, for example 127.0.0.1:8080; with --upstream only.")
  var listen: String?

  @Option(name: .customLong("data-dir"), help: "The folder of database and master key.")
  var dataDirectory: String?

  func run() async throws {
    try await CommandFailure.translating {
      try checkCombination()
      let file = upstream == nil ? ConfigurationChoice.file(named: config) : nil
      let options = ServeOptions(
        configurationFile: file, upstream: upstream, name: name ?? "upstream", listen: listen,
        dataDirectory: dataDirectory)
      try await GatewayApplication.run(options) { Terminal.out($0) }
    }
  }

  private func checkCombination() throws(CommandFailure) {
    if upstream != nil, config != nil {
      throw CommandFailure(
        "--upstream and --config can't stand together",
        advice: "Put the server into the file, under servers, or leave --config out.", code: 2)
    }
    guard upstream == nil, name != nil || listen != nil else { return }
    throw CommandFailure(
      "--name and --listen go with --upstream only", advice: "With a file, set servers and listen in it.", code: 2)
  }
}
