import MartletDomain
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

  func count(_ events: some Sequence<AuditEvent>) {
    sums.withLock { sums in for event in events { Self.count(event, in: &sums) } }
  }

  private static func count(_ event: AuditEvent, in sums: inout Sums) {
    guard event.action == .exchangeForwarded || event.action == .exchangeRefused else {
      sums.events[event.action, default: 0] += 1
      return
    }
    let isForwarded = event.action == .exchangeForwarded
    var key = ExchangeKey(
      tenant: event.tenant.string, route: event.route ?? others, isForwarded: isForwarded, status: event.status ?? 0)
    if sums.exchanges[key] == nil, sums.exchanges.count >= mostExchangeKeys {
      key = ExchangeKey(tenant: others, route: others, isForwarded: isForwarded, status: key.status)
    }
    sums.exchanges[key, default: 0] += 1
    if isForwarded, let duration = event.duration {
      sums.durations[key.route, default: DurationHistogram()].add(duration)
    }
  }

  /// The sums as they are now.
  var current: Sums { sums.withLock { $0 } }
}
