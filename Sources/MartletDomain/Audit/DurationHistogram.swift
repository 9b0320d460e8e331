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
  public mutating func add(_ duration: Duration) { add(duration, took: duration.wholeNanoseconds) }

  /// Takes one in that is known in nanoseconds.
  public mutating func add(nanoseconds took: Int64) { add(.nanoseconds(took), took: took) }

  private mutating func add(_ duration: Duration, took: Int64) {
    count += 1
    sum += duration
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

  /// How long the one took that a part of them didn't outlast: the nearest rank. It is answered within the two bounds
  /// between which that one truly was; where in between is drawn so that all together took as long as they did. Of one
  /// alone it is exact.
  ///
  /// - Parameter part: From 0 to 1; 0.5 for the median.
  /// - Returns: `nil` where there is none; the last bound where it is beyond that.
  public func quantile(_ part: Double) -> Duration? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((Double(count) * min(max(part, 0), 1)).rounded(.up)))
    let lean = lean
    for slot in slots where slot.before + slot.count >= rank {
      let share = (Double(rank - slot.before) - 0.5) / Double(slot.count)
      let drawn = lean <= 0.5 ? 2 * lean * share : 1 - 2 * (1 - lean) * (1 - share)
      return .microseconds((slot.lower + (slot.upper - slot.lower) * drawn) * 1000)
    }
    return .milliseconds(Self.bounds.last?.milliseconds ?? 0)
  }

  /// Where between their bounds those of a slot lie in the middle, from 0 to 1, by how long all together took.
  private var lean: Double {
    let slots = slots
    // How far beyond the last bound one was isn't known.
    guard let last = counts.last, last == count else { return 0.5 }
    let least = slots.reduce(0) { $0 + Double($1.count) * $1.lower }
    let room = slots.reduce(0) { $0 + Double($1.count) * ($1.upper - $1.lower) }
    let took = Double(sum.wholeNanoseconds) / 1_000_000
    return room > 0 ? min(max((took - least) / room, 0), 1) : 0.5
  }

  /// What lies between two bounds, in milliseconds; without what is empty.
  private var slots: [(lower: Double, upper: Double, before: Int, count: Int)] {
    var slots: [(lower: Double, upper: Double, before: Int, count: Int)] = []
    var (before, lower) = (0, 0)
    for (bound, count) in zip(Self.bounds, counts) {
      if count > before { slots.append((Double(lower), Double(bound.milliseconds), before, count - before)) }
      (before, lower) = (max(before, count), bound.milliseconds)
    }
    return slots
  }
}
