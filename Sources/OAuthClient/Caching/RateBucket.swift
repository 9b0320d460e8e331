/// A token bucket in whole numbers: `capacity` at once, refilled evenly over `periodMilliseconds`.
struct RateBucket: Sendable {
  private let capacity: Int64
  private let periodMilliseconds: Int64
  // In units of 1/period tokens, so that refilling needs no fractions.
  private var level: Int64
  private var updatedAt: Int64

  init(capacity: Int, periodMilliseconds: Int64, now: Int64) {
    self.capacity = Int64(max(0, min(capacity, 1_000_000)))
    self.periodMilliseconds = max(1, min(periodMilliseconds, 86_400_000))
    self.level = self.capacity * self.periodMilliseconds
    self.updatedAt = now
  }

  mutating func take(now: Int64) -> Bool {
    // A clock that goes backwards refills nothing.
    let elapsed = max(0, min(periodMilliseconds, now.subtractingReportingOverflow(updatedAt).partialValue))
    updatedAt = now
    level = min(capacity * periodMilliseconds, level + elapsed * capacity)
    guard level >= periodMilliseconds else { return false }
    level -= periodMilliseconds
    return true
  }
}
