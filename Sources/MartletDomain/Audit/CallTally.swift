import StrictCoding

/// Sums up the calls among records, by minute: what a store adds to its own sums in the step that writes the records.
public struct CallTally: Sendable {
  /// The shortest span that sums are kept for.
  public static let minute: Int64 = 60_000

  private struct Slot: Hashable, Sendable {
    let key: CallKey
    let start: Timestamp
  }

  /// What records have in common that go into the same sum and tell of the same use: looked at where the first of them
  /// lies, so that nothing is made of the others.
  private struct Likeness: Hashable {
    let first: AuditRecordView
    let start: Timestamp
    let isForwarded: Bool
    private let isToolCall: Bool

    init(_ record: AuditRecordView, isForwarded: Bool) {
      first = record
      start = CallTally.start(record)
      self.isForwarded = isForwarded
      isToolCall = record.isToolCall
    }

    static func == (lhs: Likeness, rhs: Likeness) -> Bool { lhs.isSeen(in: rhs.first, isForwarded: rhs.isForwarded) }

    func isSeen(in record: AuditRecordView, isForwarded: Bool) -> Bool {
      self.isForwarded == isForwarded && start == CallTally.start(record) && record.isSame(.tenant, as: first)
        && record.isSame(.subject, as: first) && record.isSame(.client, as: first) && record.isSame(.route, as: first)
        && record.isSame(.method, as: first) && (!isToolCall || record.isSame(.target, as: first))
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(start)
      for field in [AuditField.tenant, .subject, .client, .route] { first.hash(field, into: &hasher) }
      if isToolCall { first.hash(.target, into: &hasher) }
    }
  }

  /// Records that are alike.
  private struct Run {
    let likeness: Likeness
    private let isListening: Bool
    private(set) var sum: CallSum
    private(set) var latest: Timestamp

    init(_ likeness: Likeness) {
      self.likeness = likeness
      isListening = likeness.first.isListening
      sum = CallSum(key: CallTally.key(likeness.first), start: likeness.start)
      latest = likeness.first.time
    }

    mutating func take(_ record: AuditRecordView) {
      latest = max(latest, record.time)
      sum.take(record, isForwarded: likeness.isForwarded, isTimed: !isListening)
    }

    /// Who came through, where that is said.
    var use: AccessUse? {
      guard likeness.isForwarded, let subject = likeness.first.name(.subject), likeness.first.holds(.client),
        likeness.first.holds(.route)
      else { return nil }
      return AccessUse(tenant: sum.key.tenant, subject: subject, client: sum.key.client, route: sum.key.route)
    }
  }

  private var slots: [Slot: CallSum] = [:]

  /// Who last came through where and when.
  public private(set) var uses: [AccessUse: Timestamp] = [:]

  /// Without any.
  public init() {}

  /// The sums so far.
  public var sums: some Collection<CallSum> { slots.values }

  /// Takes the calls of a batch in.
  public mutating func add(_ batch: AuditBatch) {
    batch.withRecords { records in
      var runs: [Run] = []
      var places: [Likeness: Int] = [:]
      // What comes together is often alike.
      var place = 0
      for index in 0..<records.count {
        let record = records[index]
        let isForwarded = record.holds(.action, "exchange.forwarded")
        guard isForwarded || record.holds(.action, "exchange.refused"), !record.holds(.reason, "preflight") else {
          continue
        }
        if runs.isEmpty || !runs[place].likeness.isSeen(in: record, isForwarded: isForwarded) {
          let likeness = Likeness(record, isForwarded: isForwarded)
          place = places[likeness] ?? runs.count
          if place == runs.count {
            places[likeness] = place
            runs.append(Run(likeness))
          }
        }
        runs[place].take(record)
      }
      for run in runs { add(run) }
    }
  }

  private mutating func add(_ run: Run) {
    let slot = Slot(key: run.sum.key, start: run.sum.start)
    slots[slot, default: CallSum(key: run.sum.key, start: run.sum.start)].add(run.sum)
    if let use = run.use { uses[use] = max(uses[use] ?? run.latest, run.latest) }
  }

  private static func start(_ record: AuditRecordView) -> Timestamp {
    let at = record.time.milliseconds
    return Timestamp(milliseconds: at - at % minute)
  }

  private static func key(_ record: AuditRecordView) -> CallKey {
    CallKey(
      tenant: TenantID(record.name(.tenant) ?? ""), route: record.name(.route) ?? "",
      tool: record.isToolCall ? record.name(.target) ?? "" : "", client: record.name(.client) ?? "")
  }
}

extension CallSum {
  fileprivate mutating func take(_ record: AuditRecordView, isForwarded: Bool, isTimed: Bool) {
    calls += 1
    guard isForwarded else {
      refused += 1
      return
    }
    if record.holds(.reason) || (record.number(.status) ?? 0) >= 400 { failed += 1 }
    if isTimed, let duration = record.number(.duration) { durations.add(nanoseconds: duration) }
  }
}

extension AuditRecordView {
  fileprivate var time: Timestamp { Timestamp(milliseconds: number(.at) ?? 0) }

  fileprivate func hash(_ field: AuditField, into hasher: inout Hasher) {
    if let bytes = bytes(field) { hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
  }

  fileprivate var isToolCall: Bool { holds(.method, "tools/call") }

  /// Whether it is about a stream that a client keeps open to listen: how long it took says nothing.
  fileprivate var isListening: Bool { holds(.method, "GET") || holds(.method, "subscriptions/listen") }
}
