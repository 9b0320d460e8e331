/// How many durations were at most so long.
struct DurationHistogram: Sendable {
  /// Upper bounds in milliseconds, as Prometheus writes them in seconds.
  static let bounds: [(milliseconds: Int, label: String)] = [
    (5, "0.005"), (10, "0.01"), (25, "0.025"), (50, "0.05"), (100, "0.1"), (250, "0.25"), (500, "0.5"), (1_000, "1"),
    (2_500, "2.5"), (5_000, "5"), (10_000, "10"), (30_000, "30"), (60_000, "60"),
  ]

  /// For each bound, how many were no longer.
  private(set) var counts = [Int](repeating: 0, count: bounds.count)
  private(set) var count = 0
  private(set) var sum = Duration.zero

  mutating func add(_ duration: Duration) {
    count += 1
    sum += duration
    for (index, bound) in Self.bounds.enumerated() where duration <= .milliseconds(bound.milliseconds) {
      counts[index] += 1
    }
  }
}
