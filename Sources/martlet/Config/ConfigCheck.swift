import ArgumentParser
import MartletServer
import StrictCoding

/// `martlet config check`.
struct ConfigCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Say whether `martlet serve` would accept the file, with all problems at once.",
    discussion: """
      Example:
        martlet config check --config martlet.yaml
      """)

  @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
  var config = "martlet.yaml"

  @Flag(help: "Answer in JSON, for scripts.")
  var json = false

  func run() async throws {
    do throws(ConfigurationProblems) {
      let configuration = try await ServeOptions(configurationFile: config).load()
      if json {
        Terminal.out(["valid": true, "problems": []])
      } else {
        let servers = configuration.servers.map(\.name.string).joined(separator: ", ")
        Terminal.out("\(config) is valid: \(configuration.publicURL.string) in front of \(servers)")
      }
    } catch {
      if json {
        Terminal.out(["valid": false, "problems": .array(error.problems.map(Self.json))])
      } else {
        Terminal.error("\(config) is not valid\n\(error)")
      }
      throw ExitCode(2)
    }
  }

  private static func json(_ problem: ConfigurationProblem) -> JSONValue {
    [
      "path": .string(problem.path), "line": problem.line.map { .number(JSONNumber(Int64($0))) } ?? .null,
      "message": .string(problem.message), "hint": problem.hint.map { .string($0) } ?? .null,
    ]
  }
}
