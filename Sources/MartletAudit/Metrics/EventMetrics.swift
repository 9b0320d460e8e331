import MartletDomain
import StrictCoding
import Synchronization

/// Sums of what the trail says, for Prometheus. Counted when a batch is written, so calls don't pay for it.
public final class EventMetrics: Sendable {
  /// What exchanges are told apart by.
  struct ExchangeKey: Hashable, Sendable {
    let tenant: String
    let route: String
    let isForwarded: Bool
    let status: Int
  }

  struct Sums: Sendable {
    var exchanges: [ExchangeKey: Int] = [:]
    var durations: [String: DurationHistogram] = [:]
    var events: [AuditAction: Int] = [:]
  }

  /// Beyond so many, tenants and routes are no longer told apart.
  static let mostExchangeKeys = 5_000
  private static let others = "other"

  private let sums = Mutex(Sums())

  /// Begins at zero.
  public init() {}

  /// Exchanges that came one after the other and go into the same sums: what comes together is often alike.
  private struct Run {
    let first: AuditRecordView
    let isForwarded: Bool
    let status: Int64
    var count = 0
    var durations = DurationHistogram()

    init(_ record: AuditRecordView, isForwarded: Bool) {
      first = record
      self.isForwarded = isForwarded
      status = record.number(.status) ?? 0
    }

    func goesOn(with record: AuditRecordView, isForwarded: Bool) -> Bool {
      self.isForwarded == isForwarded && status == record.number(.status) ?? 0 && record.isSame(.tenant, as: first)
        && record.isSame(.route, as: first)
    }

    mutating func take(_ record: AuditRecordView) {
      count += 1
      if isForwarded, let duration = record.number(.duration) { durations.add(nanoseconds: duration) }
    }
  }

  func count(_ batch: AuditBatch) {
    sums.withLock { sums in
      batch.withRecords { records in
        var run: Run?
        for index in 0..<records.count {
          let record = records[index]
          let isForwarded = record.holds(.action, "exchange.forwarded")
          guard isForwarded || record.holds(.action, "exchange.refused") else {
            if let action = record.action { sums.events[action, default: 0] += 1 }
            continue
          }
          if run?.goesOn(with: record, isForwarded: isForwarded) != true {
            if let run { Self.add(run, to: &sums) }
            run = Run(record, isForwarded: isForwarded)
          }
          run?.take(record)
        }
        if let run { Self.add(run, to: &sums) }
      }
    }
  }

  private static func add(_ run: Run, to sums: inout Sums) {
    var key = ExchangeKey(
      tenant: run.first.name(.tenant)?.string ?? others, route: run.first.text(.route) ?? others,
      isForwarded: run.isForwarded, status: Int(run.status))
    if sums.exchanges[key] == nil, sums.exchanges.count >= mostExchangeKeys {
      key = ExchangeKey(tenant: others, route: others, isForwarded: run.isForwarded, status: key.status)
    }
    sums.exchanges[key, default: 0] += run.count
    guard run.durations.count > 0 else { return }
    sums.durations[key.route, default: DurationHistogram()].add(run.durations)
  }

  /// The sums as they are now.
  var current: Sums { sums.withLock { $0 } }
}
