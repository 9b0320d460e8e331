import ArgumentParser
import MartletAudit
import MartletDomain
import StrictCoding

/// `martlet flow show`.
struct FlowShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Every event of one connection attempt, oldest first.",
    discussion: """
      It ends with the first time that its token was presented; `martlet audit search` has the calls.

      Example:
        martlet flow show flow_bT0mL1qZ2v0c9XkP
      """)

  @Argument(help: "The flow, as `martlet flow list` shows it.")
  var flow: String

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let events = try await installation.store.auditEvents(flow: FlowID(flow))
      guard !events.isEmpty else {
        throw CommandFailure(
          "there is no flow \(PlainText.sanitized(flow))", advice: "`martlet flow list` shows the newest ones.")
      }
      if options.json {
        Terminal.out(.array(events.map(\.json)))
      } else {
        Terminal.table(FlowText.eventHead, events.map(FlowText.row))
      }
    }
  }
}
