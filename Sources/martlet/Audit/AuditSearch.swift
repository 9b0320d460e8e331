import ArgumentParser
import MartletDomain
import StrictCoding

/// `martlet audit search`.
struct AuditSearch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "The newest records that fit, oldest first.",
    discussion: """
      Examples:
        martlet audit search --user ada --since 24h
        martlet audit search --server github --action exchange.refused --json
        martlet audit search --user ada --before 48213      (the page before)
      """)

  @OptionGroup var choice: AuditChoice

  @Option(help: "At most so many, 1 to 10000.")
  var limit = 50

  @Option(
    help: ArgumentHelp(
      "Only what was written before the record in that place: `position` of the oldest record shown, for the page before.",
      valueName: "position"))
  var before: Int64?

  @OptionGroup var options: InstallationOptions

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be 1 to 10000") }
  }

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let filter = try await choice.filter(installation)
      let found = try await installation.store.auditEvents(matching: filter, before: before, limit: limit)
      if options.json { return Terminal.out(.array(found.reversed().map(Self.json))) }
      if found.isEmpty { return Terminal.out("No record fits.") }
      Terminal.table(AuditText.eventHead, found.reversed().map { AuditText.row($0.event) })
      if let oldest = found.last, found.count == limit {
        Terminal.error("There may be older ones: --before \(oldest.position)")
      }
    }
  }

  private static func json(_ found: PlacedEvent) -> JSONValue {
    guard var members = found.event.json.objectValue else { return found.event.json }
    members["position"] = .integer(found.position)
    return .object(members)
  }
}
