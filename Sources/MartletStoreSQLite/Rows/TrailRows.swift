import MartletDomain

/// Events on their way into the trail, as rows that SQLite asks for one value at a time.
final class TrailRows {
  /// The columns, in the order that values are asked for.
  static let columns = """
    tenant, at, action, flow, request, subject, client, route, method, target, status, reason, duration_ns, address,
    key_name, sequence, digest, trace
    """

  private let events: [AuditEvent]
  private let heads: [AuditHead]

  /// - Parameter heads: What each event's trail has come to with it.
  init(_ events: [AuditEvent], _ heads: [AuditHead]) {
    self.events = events
    self.heads = heads
  }

  var count: Int { min(events.count, heads.count) }

  /// Answers with one value of a row; only indices below ``count`` are asked for.
  func answer(_ row: Int, _ column: CInt, _ value: ColumnValue) {
    switch column {
    case 0: value.set(events[row].tenant.value)
    case 1: value.set(events[row].at.milliseconds)
    case 2: value.set(events[row].action.rawValue)
    case 3: value.set(events[row].flow?.value)
    case 4: value.set(events[row].request?.value)
    case 5: value.set(events[row].subject)
    case 6: value.set(events[row].client?.value)
    case 7: value.set(events[row].route)
    case 8: value.set(events[row].method)
    case 9: value.set(events[row].target)
    case 10: value.set(events[row].status.map { Int64($0) })
    case 11: value.set(events[row].reason)
    case 12: value.set(events[row].duration?.wholeNanoseconds)
    case 13: value.set(events[row].address)
    case 14: value.set(events[row].key)
    case 15: value.set(heads[row].sequence)
    case 16: value.set(bytes: heads[row].digest)
    case 17: value.set(events[row].trace)
    default: break
    }
  }
}
