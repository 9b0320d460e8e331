import ArgumentParser
import StrictCoding

/// `martlet audit search`.
struct AuditSearch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "The newest records that fit, oldest first.",
    discussion: """
      Examples:
        martlet audit search --user ada --since 24h
        martlet audit search --server github --action exchange.refused --json
      """)

  @OptionGroup var choice: AuditChoice

  @Option(help: "At most so many, 1 to 10000.")
  var limit = 50

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be 1 to 10000") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let filter = try await choice.filter(installation)
      let events = try await installation.store.auditEvents(matching: filter, limit: limit)
      if options.json {
        Terminal.out(.array(events.reversed().map(\.json)))
      } else if events.isEmpty {
        Terminal.out("No record fits.")
      } else {
        Terminal.table(AuditText.eventHead, events.reversed().map(AuditText.row))
      }
    }
  }
}
