/// How many durations were at most so long.
public struct DurationHistogram: Sendable, Hashable {
  /// Upper bounds in milliseconds, as Prometheus writes them in seconds.
  public static let bounds: [(milliseconds: Int, label: String)] = [
    (5, "0.005"), (10, "0.01"), (25, "0.025"), (50, "0.05"), (100, "0.1"), (250, "0.25"), (500, "0.5"), (1_000, "1"),
    (2_500, "2.5"), (5_000, "5"), (10_000, "10"), (30_000, "30"), (60_000, "60"),
  ]

  private static let nanoseconds = bounds.map { Int64($0.milliseconds) * 1_000_000 }

  /// For each bound, how many were no longer.
  public private(set) var counts: [Int]
  /// How many there are.
  public private(set) var count: Int
  /// How long they were together.
  public private(set) var sum: Duration

  /// Without any.
  public init() { self.init(counts: [Int](repeating: 0, count: Self.bounds.count), count: 0, sum: .zero) }

  /// As it was stored.
  ///
  /// - Parameter counts: One for each bound.
  public init(counts: [Int], count: Int, sum: Duration) {
    self.counts = counts
    self.count = count
    self.sum = sum
  }

  /// Takes one in.
  public mutating func add(_ duration: Duration) {
    count += 1
    sum += duration
    let took = duration.wholeNanoseconds
    let first = Self.nanoseconds.firstIndex { took <= $0 } ?? Self.nanoseconds.endIndex
    counts.withUnsafeMutableBufferPointer { counts in
      for index in counts.indices.dropFirst(first) { counts[index] += 1 }
    }
  }

  /// Takes in all of another.
  public mutating func add(_ other: DurationHistogram) {
    count += other.count
    sum += other.sum
    for index in counts.indices.prefix(other.counts.count) { counts[index] += other.counts[index] }
  }

  /// How long at most a part of them was, as far as the bounds tell: between two of them it is drawn straight.
  ///
  /// - Parameter part: From 0 to 1; 0.5 for the median.
  /// - Returns: `nil` where there is none; the last bound where it is beyond that.
  public func quantile(_ part: Double) -> Duration? {
    guard count > 0 else { return nil }
    let wanted = Double(count) * min(max(part, 0), 1)
    var (before, below) = (0, 0)
    for (bound, count) in zip(Self.bounds, counts) {
      if Double(count) >= wanted, count > before {
        let share = (wanted - Double(before)) / Double(count - before)
        return .microseconds(Double(below) * 1000 + Double(bound.milliseconds - below) * 1000 * max(0, share))
      }
      (before, below) = (count, bound.milliseconds)
    }
    return .milliseconds(below)
  }
}
