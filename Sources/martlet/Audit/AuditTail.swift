import ArgumentParser
import MartletAudit
import MartletDomain
import StrictCoding

/// `martlet audit tail`.
struct AuditTail: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail", abstract: "Records as they come, until Ctrl-C.",
    discussion: """
      Each is one line: a table's row, or with --json a JSON object.

      Example:
        martlet audit tail --server github
      """)

  @OptionGroup var choice: AuditChoice

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let filter = try await choice.filter(installation)
      var seen = Dictionary(
        uniqueKeysWithValues: try await installation.store.auditTrails().map { ($0.tenant, $0.head.sequence) })
      if !options.json { Terminal.error("Waiting for records; Ctrl-C ends this.") }
      while !Task.isCancelled {
        for trail in try await installation.store.auditTrails() {
          var position = seen[trail.tenant] ?? 0
          while position < trail.head.sequence {
            let records = try await installation.store.auditRecords(of: trail.tenant, after: position, limit: 500)
            guard let last = records.last else { break }
            for event in records.compactMap(\.event) where filter.matches(event) { show(event) }
            position = last.head.sequence
          }
          seen[trail.tenant] = position
        }
        try await Task.sleep(for: .milliseconds(300))
      }
    }
  }

  private func show(_ event: AuditEvent) {
    if options.json {
      Terminal.line(event.json)
    } else {
      Terminal.out(
        AuditText.row(event).map { PlainText.sanitized($0.isEmpty ? "-" : $0, limit: 120) }.joined(separator: "  "))
    }
  }
}
