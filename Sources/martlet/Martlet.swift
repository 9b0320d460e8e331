import ArgumentParser
import MartletServer

/// The program: `martlet <noun> <verb>`, and `martlet serve`.
@main
struct Martlet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "One place between MCP clients and MCP servers: login, tokens, permission, trail.",
    discussion: """
      Start in front of one server, without a file:
        martlet serve --upstream http://127.0.0.1:9001/mcp

      Exit codes: 0 done, 1 failed, 2 misused or misconfigured.
      """,
    version: "0.1.0",
    subcommands: [
      Serve.self, ConfigCommand.self, UserCommand.self, ClientCommand.self, TokenCommand.self, FlowCommand.self,
      SigningKeyCommand.self, PolicyCommand.self, AuditCommand.self, KeyCommand.self, AdminCommand.self,
      AccessCommand.self, ConnectionCommand.self, BackupCommand.self, RestoreCommand.self, ToolCommand.self,
      ApprovalCommand.self, DelegationCommand.self, TenantCommand.self, SecretCommand.self,
    ])

  static func main() async {
    CoreDumps.forbid()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      end(error)
    }
  }

  /// ArgumentParser ends a misused command with 64; here that is 2.
  private static func end(_ error: any Error) -> Never {
    guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
    Terminal.error(fullMessage(for: error))
    exit(withError: ExitCode(2))
  }
}
