import ArgumentParser
import Foundation
import MartletAudit
import MartletServer
import StrictCoding

/// `martlet audit verify`.
struct AuditVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read every trail from end to end and tell what was altered, added or taken away.",
    discussion: """
      Each record is linked to the one before it under a key from master.key. A cut end and an old copy of the database
      show against anchors, which a running Martlet writes to data_dir/audit-anchors.jsonl once a minute: keep a copy
      of that file elsewhere, and name it here.

      Example:
        martlet audit verify --anchors /mnt/elsewhere/audit-anchors.jsonl
      """)

  @Option(help: ArgumentHelp("A copy of the anchors, instead of the one in data_dir.", valueName: "file"))
  var anchors: String?

  @OptionGroup var options: InstallationOptions

  func run() async throws {
    try await options.withInstallation { installation, configuration in
      let kept = try readAnchors(configuration.dataDirectory)
      let verifier = TrailVerifier(store: installation.store, chain: installation.auditChain)
      let reports = try await verifier.verify(against: kept)
      if options.json {
        Terminal.out(.array(reports.map { .object($0.json) }))
      } else {
        show(reports)
      }
      if reports.contains(where: { !$0.findings.isEmpty }) { throw ExitCode(1) }
    }
  }

  private func readAnchors(_ folder: String) throws -> [AuditAnchor] {
    if let anchors, !FileManager.default.fileExists(atPath: anchors) {
      throw CommandFailure(
        "there is no file \(PlainText.sanitized(anchors))", advice: "Name the copy of audit-anchors.jsonl.", code: 2)
    }
    return try AnchorFile(path: anchors ?? folder + "/" + AnchorFile.name).read()
  }

  private func show(_ reports: [TrailReport]) {
    guard !reports.isEmpty else { return Terminal.out("There is no trail yet.") }
    Terminal.table(AuditText.reportHead, reports.map(AuditText.row))
    for report in reports {
      for finding in report.findings {
        Terminal.error("martlet: tenant \(PlainText.sanitized(report.tenant.string)): \(finding)")
      }
    }
    if reports.contains(where: { !$0.findings.isEmpty }) {
      Terminal.error("Keep the data folder as it is, compare with a backup, and ask who could write to the database.")
    }
  }
}
