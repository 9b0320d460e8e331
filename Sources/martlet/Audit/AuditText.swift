import MartletAudit
import MartletDomain
import MartletServer
import StrictCoding

/// Trails and records as commands answer them.
enum AuditText {
  static let reportHead = ["tenant", "records", "from", "to", "anchors", "verdict"]

  static func row(_ report: TrailReport) -> [String] {
    [
      report.tenant.string, "\(report.count)", "\(report.first)", "\(report.last)", "\(report.anchors)",
      report.findings.isEmpty ? "whole" : "NOT WHOLE: \(report.findings.count) findings",
    ]
  }

  static func json(_ head: AuditHead) -> JSONValue { head.json }

  static let eventHead = [
    "at", "action", "tenant", "who", "client", "route", "method", "target", "status", "reason", "from", "key", "trace",
  ]

  static func row(_ event: AuditEvent) -> [String] {
    [
      event.at.text, event.action.rawValue, event.tenant.string, event.subject ?? "", event.client?.string ?? "",
      event.route ?? "", event.method ?? "", event.target ?? "", event.status.map { "\($0)" } ?? "",
      event.reason ?? "", event.address ?? "", event.key ?? "", event.trace ?? "",
    ]
  }

  static let csvHead = (["sequence"] + eventHead + ["flow", "request", "duration_ms", "digest"]).joined(separator: ",")

  static func csv(_ event: AuditEvent, _ head: AuditHead) -> String {
    let duration = event.duration.map { "\($0.milliseconds)" } ?? ""
    let cells =
      ["\(head.sequence)"] + row(event)
      + [event.flow?.string ?? "", event.request?.string ?? "", duration, Hex.encode(head.digest)]
    return cells.map(cell).joined(separator: ",")
  }

  /// Quoted where it needs to be; what a spreadsheet would calculate is marked as text (OWASP, CSV injection).
  private static func cell(_ text: String) -> String {
    let plain = PlainText.sanitized(text, limit: 4096)
    let isFormula = plain.utf8.first.map { Array("=+-@".utf8).contains($0) } ?? false
    let safe = isFormula ? "'" + plain : plain
    guard safe.utf8.contains(where: { Array("\",".utf8).contains($0) }) else { return safe }
    return "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
