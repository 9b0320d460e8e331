import ArgumentParser
import MartletAudit
import MartletDomain
import StrictCoding

/// `martlet audit export`.
struct AuditExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "A tenant's whole trail to standard output, with the numbers and digests that prove it.",
    discussion: """
      JSON lines end with one that names the head: {"tenant":…,"head":{"sequence":…,"digest":…}}. CSV begins with the
      names of its columns; a cell that a spreadsheet would take for a formula gets an apostrophe in front.

      Examples:
        martlet audit export > trail.jsonl
        martlet audit export --tenant acme --format csv --since 30d > trail.csv
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, csv }

  @OptionGroup var choice: AuditChoice

  @Option(help: "jsonl or csv.")
  var format = Format.jsonl

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, _ in
      let filter = try await choice.filter(installation)
      let tenant = filter.tenant ?? .default
      // The record of the export stands before the first line of it.
      try await installation.audit.recordDurably(
        AuditEvent(at: installation.clock.now(), action: .trailExported, tenant: tenant, reason: "by_administrator"))
      guard let trail = try await installation.store.auditTrails().first(where: { $0.tenant == tenant }) else {
        throw CommandFailure("there is no trail of this tenant", advice: "Check the name after --tenant.")
      }
      if format == .csv { Terminal.out(AuditText.csvHead) }
      var position = trail.trimmed.sequence
      while position < trail.head.sequence {
        let records = try await installation.store.auditRecords(of: tenant, after: position, limit: 1_000)
        guard let last = records.last else { break }
        for record in records where record.head.sequence <= trail.head.sequence { write(record, filter) }
        position = last.head.sequence
      }
      if format == .jsonl { Terminal.line(["tenant": .string(tenant.string), "head": AuditText.json(trail.head)]) }
    }
  }

  private func write(_ record: AuditRecord, _ filter: AuditFilter) {
    guard let event = record.event, filter.matches(event) else { return }
    switch format {
    case .jsonl: Terminal.line(["record": event.json, "head": AuditText.json(record.head)])
    case .csv: Terminal.out(AuditText.csv(event, record.head))
    }
  }

}
