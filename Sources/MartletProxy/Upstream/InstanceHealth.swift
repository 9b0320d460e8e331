import NIOCore

/// What experience says about one instance: when it is left out, and for how long. Pure.
struct InstanceHealth: Equatable {
  /// What went wrong.
  enum Fault: Sendable, Equatable {
    /// No connection could be made.
    case unreachable
    /// It answered 5xx, too late, or half.
    case failing
  }

  private(set) var failures = 0
  private(set) var ejections = 0
  private(set) var ejectedFor: Fault?

  var isTroubled: Bool { failures > 0 || ejections > 0 || ejectedFor != nil }

  /// It did what was asked.
  mutating func succeeded() { self = InstanceHealth() }

  /// It didn't.
  ///
  /// - Parameter jitter: From 0 to 40 percent; keeps the probes of several processes apart.
  /// - Returns: When to ask it again, where this leaves it out; `nil` where it isn't left out, or was already.
  mutating func failed(_ fault: Fault, jitter: Int64) -> TimeAmount? {
    failures += 1
    let limit = fault == .unreachable ? GatewayLimits.unreachableTimes : GatewayLimits.failingTimes
    guard ejectedFor == nil, failures >= limit else { return nil }
    ejectedFor = fault
    return pause(jitter)
  }

  /// It was asked again and still can't.
  mutating func stillFails(jitter: Int64) -> TimeAmount {
    ejections += 1
    return pause(jitter)
  }

  private func pause(_ jitter: Int64) -> TimeAmount {
    let base = GatewayLimits.ejection.nanoseconds << min(ejections, 8)
    let limited = min(base, GatewayLimits.longestEjection.nanoseconds)
    return .nanoseconds(limited / 100 * (80 + jitter))
  }
}
