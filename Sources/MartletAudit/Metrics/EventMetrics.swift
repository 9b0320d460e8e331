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
    let tenant: TenantID
    let route: String?
    let isForwarded: Bool
    let status: Int
    var count = 0
    var durations = DurationHistogram()

    init(_ entry: AuditEntry) {
      tenant = entry.event.tenant
      route = entry.event.route
      isForwarded = entry.event.action == .exchangeForwarded
      status = entry.event.status ?? 0
    }

    func goesOn(with entry: AuditEntry) -> Bool {
      isForwarded == (entry.event.action == .exchangeForwarded) && status == entry.event.status ?? 0
        && tenant == entry.event.tenant && route.equalsBytewise(entry.event.route)
    }

    mutating func take(_ entry: AuditEntry) {
      count += 1
      if isForwarded, let duration = entry.event.duration { durations.add(duration) }
    }
  }

  func count(_ entries: [AuditEntry]) {
    sums.withLock { sums in
      var run: Run?
      for entry in entries {
        let action = entry.event.action
        guard action == .exchangeForwarded || action == .exchangeRefused else {
          sums.events[action, default: 0] += 1
          continue
        }
        if run?.goesOn(with: entry) != true {
          if let run { Self.add(run, to: &sums) }
          run = Run(entry)
        }
        run?.take(entry)
      }
      if let run { Self.add(run, to: &sums) }
    }
  }

  private static func add(_ run: Run, to sums: inout Sums) {
    var key = ExchangeKey(
      tenant: run.tenant.string, route: run.route ?? others, isForwarded: run.isForwarded, status: run.status)
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
