import ArgumentParser
import MartletDomain
import StrictCoding

/// `martlet tool accept`.
struct ToolAccept: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Trust what a tool has changed into; calls of it go on within two seconds.",
    discussion: """
      Example:
        martlet tool accept github/create_issue
      """)

  @Argument(help: ArgumentHelp("The tool.", valueName: "server/tool"))
  var tool: String

  @Option(help: "The tenant.")
  var tenant = "default"

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard tool.utf8.contains(UInt8(ascii: "/")) else { throw ValidationError("say which: SERVER/TOOL") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let parts = tool.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      let (tenant, route) = (TenantID(tenant), RouteID(server: ServerName(parts[0])))
      let now = installation.clock.now()
      try await installation.audit.recordDurably(
        AuditEvent(at: now, action: .toolAccepted, tenant: tenant, route: route.path, target: parts[1]))
      guard
        try await installation.store.acceptTool(ByteString(parts[1]), tenant: tenant, route: route, at: now)
      else {
        throw CommandFailure(
          "\(PlainText.sanitized(tool, limit: 100)) hasn't changed", advice: "`martlet tool list` shows what has.")
      }
      if options.json {
        Terminal.out(["accepted": .string(tool)])
      } else {
        Terminal.out("\(PlainText.sanitized(tool, limit: 100)) is trusted as it is now.")
      }
    }
  }
}
