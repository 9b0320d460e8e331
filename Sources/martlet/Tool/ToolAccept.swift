import ArgumentParser
import MartletDomain
import MartletIdentity
import MartletServer
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
      guard
        try await ToolTrust(installation).accept(
          ByteString(parts[1]), at: ServerName(parts[0]), for: TenantID(tenant), by: Asker())
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
