/// Days in UTC, by which quotas are counted.
public enum QuotaDay {
  private static let milliseconds: Int64 = 86_400_000

  /// The day of a moment, in days since 1970-01-01.
  public static func number(of time: Timestamp) -> Int64 {
    let (quotient, remainder) = time.milliseconds.quotientAndRemainder(dividingBy: milliseconds)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// How long the day of a moment goes on, in whole seconds, at least 1.
  public static func secondsLeft(at time: Timestamp) -> Int {
    let (end, _) = (number(of: time) + 1).multipliedReportingOverflow(by: milliseconds)
    return Int(max(1, (end - time.milliseconds + 999) / 1000))
  }
}
