import StrictCoding

/// Sums up the calls among records, by minute: what a store adds to its own sums in the step that writes the records.
public struct CallTally: Sendable {
  /// The shortest span that sums are kept for.
  public static let minute: Int64 = 60_000

  private struct Slot: Hashable, Sendable {
    let key: CallKey
    let minute: Int64
  }

  /// Records that came one after the other and go into the same sum: what comes together is often alike.
  private struct Run {
    let first: AuditRecordView
    let start: Int64
    let isToolCall: Bool
    var sum: CallSum

    init(_ record: AuditRecordView) {
      first = record
      start = CallTally.start(record)
      isToolCall = record.isToolCall
      sum = CallSum(key: CallTally.key(record), start: Timestamp(milliseconds: start))
    }

    func goesOn(with record: AuditRecordView) -> Bool {
      start == CallTally.start(record) && record.isSame(.tenant, as: first) && record.isSame(.client, as: first)
        && record.isSame(.route, as: first) && isToolCall == record.isToolCall
        && (!isToolCall || record.isSame(.target, as: first))
    }
  }

  private var slots: [Slot: CallSum] = [:]
  private var access = AccessTally()

  /// Without any.
  public init() {}

  /// Who last came through where and when.
  public var uses: [AccessUse: Timestamp] { access.uses }

  /// The sums so far.
  public var sums: some Collection<CallSum> { slots.values }

  /// Takes the calls of a batch in.
  public mutating func add(_ batch: AuditBatch) {
    batch.withRecords { records in
      var run: Run?
      var use: AccessTally.Run?
      for index in 0..<records.count {
        let record = records[index]
        let isForwarded = record.holds(.action, "exchange.forwarded")
        guard isForwarded || record.holds(.action, "exchange.refused"), !record.holds(.reason, "preflight") else {
          continue
        }
        if isForwarded { access.add(record, to: &use) }
        if run?.goesOn(with: record) != true {
          if let run { add(run) }
          run = Run(record)
        }
        run?.sum.take(record, isForwarded: isForwarded)
      }
      if let run { add(run) }
      if let use { access.add(use) }
    }
  }

  private mutating func add(_ run: Run) {
    let slot = Slot(key: run.sum.key, minute: run.start)
    slots[slot, default: CallSum(key: run.sum.key, start: run.sum.start)].add(run.sum)
  }

  private static func start(_ record: AuditRecordView) -> Int64 {
    let at = record.number(.at) ?? 0
    return at - at % minute
  }

  private static func key(_ record: AuditRecordView) -> CallKey {
    CallKey(
      tenant: TenantID(record.name(.tenant) ?? ""), route: record.name(.route) ?? "",
      tool: record.isToolCall ? record.name(.target) ?? "" : "", client: record.name(.client) ?? "")
  }
}

extension CallSum {
  fileprivate mutating func take(_ record: AuditRecordView, isForwarded: Bool) {
    calls += 1
    guard isForwarded else {
      refused += 1
      return
    }
    if record.bytes(.reason) != nil || (record.number(.status) ?? 0) >= 400 { failed += 1 }
    if let duration = record.number(.duration), !record.isListening { durations.add(nanoseconds: duration) }
  }
}

extension AuditRecordView {
  fileprivate var isToolCall: Bool { holds(.method, "tools/call") }

  /// Whether it is about a stream that a client keeps open to listen: how long it took says nothing.
  fileprivate var isListening: Bool { holds(.method, "GET") || holds(.method, "subscriptions/listen") }
}
