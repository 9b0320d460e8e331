import MartletAudit
import MartletDomain
import StrictCoding

/// A record as syslog takes it (RFC 5424 §6): `MSGID` is the action, the message is the record in JSON.
struct SyslogMessage: Sendable {
  let facility: Int
  let host: String
  let process: String

  /// The message's bytes, on one line: JSON writes control characters as escapes.
  func bytes(_ record: AuditRecord) -> [UInt8] {
    let action = record.event?.action.rawValue ?? "-"
    let at = record.event?.at.text ?? "-"
    let head =
      "<\(facility * 8 + Self.severity(record.event))>1 \(at) \(host) martlet \(process) \(action.prefix(32)) "
      + "[meta sequenceId=\"\(record.head.sequence % 2_147_483_647 + 1)\"] "
    return Array(head.utf8) + JSONWriter.write(record.json)
  }

  /// Warning for what was refused, failed or came back although it was spent; informational for the rest.
  private static func severity(_ event: AuditEvent?) -> Int { event.map { $0.action.isTrouble ? 4 : 6 } ?? 3 }
}
