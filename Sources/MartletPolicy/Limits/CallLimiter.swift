import MartletDomain

/// Counts calls.
public protocol CallLimiter: Sendable {
  /// Takes a call into account under all limits at once: either every one of them has room, or none is used up.
  ///
  /// - Parameters:
  ///   - call: The call.
  ///   - rules: The limits in force.
  /// - Returns: Its place among the calls that go on, where there are limits of that kind.
  /// - Throws: `LimitRefusal`, of the limit that takes longest to have room.
  func admit(_ call: LimitedCall, under rules: LimitRules) throws(LimitRefusal) -> CallLease?
}

/// Tells how much time passes. Never goes back, whatever happens to the time of day.
public protocol PassingTime: Sendable {
  /// Nanoseconds since some moment.
  func nanoseconds() -> Int64
}

/// The machine's monotonic clock.
public struct SystemPassingTime: PassingTime {
  private let start = ContinuousClock.now

  /// Makes a clock that starts at 0.
  public init() {}

  /// Nanoseconds since the clock was made.
  public func nanoseconds() -> Int64 {
    let (seconds, attoseconds) = start.duration(to: .now).components
    return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
  }
}
