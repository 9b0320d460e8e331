import NIOCore

/// How often an upstream's stream was tried again since it last worked, and when to give up. Pure but for the clock.
struct StreamRetries {
  var conflicts = 0
  var hasRevived = false
  private var attempts = 0
  private var since: NIODeadline?

  /// The pause before the next try; `nil` when it is enough.
  mutating func next(now: NIODeadline = .now()) -> TimeAmount? {
    let first = since ?? now
    since = first
    guard now - first < GatewayLimits.reopeningTime else { return nil }
    let pause = GatewayLimits.reopening.nanoseconds << min(attempts, 5)
    attempts += 1
    return .nanoseconds(pause / 100 * .random(in: 80...120))
  }
}
