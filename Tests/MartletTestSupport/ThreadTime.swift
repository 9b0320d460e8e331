import Foundation

/// The processor time of this thread: what work costs, however many others want the processor.
public enum ThreadTime {
  /// What some work costs.
  public static func measure(_ work: () throws -> Void) rethrows -> Duration {
    let start = now()
    try work()
    return now() - start
  }

  /// Whether work on eight times as much costs no more than thirty times as much, or next to nothing; quadratic work costs
  /// sixty-four times as much.
  ///
  /// - Parameters:
  ///   - size: The larger size.
  ///   - work: Does the work for a size.
  /// - Returns: The two costs where it is too much.
  public static func growth(to size: Int, _ work: (Int) -> Void) -> (small: Duration, large: Duration)? {
    work(16)
    let small = (0..<3).map { _ in measure { work(size / 8) } }.min() ?? .zero
    let large = (0..<3).map { _ in measure { work(size) } }.min() ?? .zero
    return large > small * 30 && large > .milliseconds(100) ? (small, large) : nil
  }

  private static func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}
