import MartletDomain

/// A part of every week: some days, some hours, as a clock with a fixed distance from UTC shows them.
public struct TimeWindow: Sendable, Hashable {
  /// Days, 0 for Monday.
  public let days: Set<Int>
  /// The first minute of the day.
  public let from: Int
  /// The minute of the day before which it ends; where that isn't after the first, it ends on the next day.
  public let until: Int
  /// How many minutes the clock is ahead of UTC.
  public let offset: Int

  /// Describes a window.
  public init(days: Set<Int> = Set(0..<7), from: Int = 0, until: Int = 24 * 60, offset: Int = 0) {
    self.days = days
    self.from = from
    self.until = until
    self.offset = offset
  }

  func contains(_ now: Timestamp) -> Bool {
    let minutes = Int(now.seconds.clamped(to: 0...253_402_300_799) / 60) + offset
    // 1970-01-01 was a Thursday.
    let (day, minute) = ((minutes / 1440 + 3) % 7, minutes % 1440)
    if from < until { return days.contains(day) && (from..<until).contains(minute) }
    return minute >= from ? days.contains(day) : minute < until && days.contains((day + 6) % 7)
  }
}

extension Int64 {
  fileprivate func clamped(to range: ClosedRange<Int64>) -> Int64 {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
