import MartletDomain

/// Events on their way into the trail, as rows that SQLite asks for one value at a time.
final class TrailRows {
  /// The columns, in the order that values are asked for.
  static let columns = """
    tenant, at, action, flow, request, subject, client, route, method, target, status, reason, duration_ns, address,
    key_name, sequence, digest, trace
    """

  private let entries: [AuditEntry]
  private let heads: [AuditHead]
  let turns: CoreTurns

  /// - Parameter heads: What each event's trail has come to with it.
  init(_ entries: [AuditEntry], _ heads: [AuditHead], _ turns: CoreTurns) {
    self.entries = entries
    self.heads = heads
    self.turns = turns
  }

  var count: Int { min(entries.count, heads.count) }

  /// Answers with one value of a row; only indices below ``count`` are asked for.
  func answer(_ row: Int, _ column: CInt, _ value: ColumnValue) {
    switch column {
    case 0: value.set(entries[row].event.tenant.value)
    case 1: value.set(entries[row].event.at.milliseconds)
    case 2: value.set(entries[row].event.action.rawValue)
    case 3: value.set(entries[row].event.flow?.value)
    case 4: value.set(entries[row].event.request?.value)
    case 5: value.set(entries[row].event.subject)
    case 6: value.set(entries[row].event.client?.value)
    case 7: value.set(entries[row].event.route)
    case 8: value.set(entries[row].event.method)
    case 9: value.set(entries[row].event.target)
    case 10: value.set(entries[row].event.status.map { Int64($0) })
    case 11: value.set(entries[row].event.reason)
    case 12: value.set(entries[row].event.duration?.wholeNanoseconds)
    case 13: value.set(entries[row].event.address)
    case 14: value.set(entries[row].event.key)
    case 15: value.set(heads[row].sequence)
    case 16: value.set(bytes: heads[row].digest)
    case 17: value.set(entries[row].event.trace)
    default: break
    }
  }
}
