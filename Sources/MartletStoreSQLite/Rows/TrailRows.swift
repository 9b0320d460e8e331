import MartletDomain

/// Records on their way into the trail, as rows that SQLite asks for one value at a time: straight out of the bytes that
/// their digests cover. They live no longer than the records that they show.
final class TrailRows {
  /// The columns, in the order that values are asked for.
  static let columns = """
    tenant, at, action, flow, request, subject, client, route, method, target, status, reason, duration_ns, address,
    key_name, sequence, digest, trace
    """

  private let records: AuditRecordViews
  private let ends: [AuditEnd]
  let turns: CoreTurns

  /// - Parameter ends: What each record's trail has come to with it.
  init(_ records: AuditRecordViews, _ ends: [AuditEnd], _ turns: CoreTurns) {
    self.records = records
    self.ends = ends
    self.turns = turns
  }

  /// The record of a row; `nil` behind the last.
  func record(_ row: Int) -> AuditRecordView? { row < min(records.count, ends.count) ? records[row] : nil }

  /// Answers with one value of a row that there is, and its record.
  func answer(_ row: Int, _ record: AuditRecordView, _ column: CInt, _ value: ColumnValue) {
    switch column {
    case 0: value.set(name: record.bytes(.tenant))
    case 1: value.set(record.number(.at))
    case 2: value.set(text: record.bytes(.action))
    case 3: value.set(name: record.bytes(.flow))
    case 4: value.set(name: record.bytes(.request))
    case 5: value.set(text: record.bytes(.subject))
    case 6: value.set(name: record.bytes(.client))
    case 7: value.set(text: record.bytes(.route))
    case 8: value.set(text: record.bytes(.method))
    case 9: value.set(text: record.bytes(.target))
    case 10: value.set(record.number(.status))
    case 11: value.set(text: record.bytes(.reason))
    case 12: value.set(record.number(.duration))
    case 13: value.set(text: record.bytes(.address))
    case 14: value.set(text: record.bytes(.key))
    case 15: value.set(ends[row].sequence)
    case 16: ends[row].digest.withBytes { value.set(digest: $0) }
    case 17: value.set(text: record.bytes(.trace))
    default: break
    }
  }
}
