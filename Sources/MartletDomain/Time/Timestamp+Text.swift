extension Timestamp {
  /// The time as people and log collectors read it: `2026-07-28T09:30:00.125Z` (RFC 3339, UTC).
  ///
  /// Years before 1 and after 9999 are written as those bounds.
  public var text: String {
    let bounded = min(max(milliseconds, -62_135_596_800_000), 253_402_300_799_999)
    let day = bounded >= 0 ? bounded / 86_400_000 : (bounded - 86_399_999) / 86_400_000
    let inDay = bounded - day * 86_400_000
    let (year, month, dayOfMonth) = Self.civilDate(daysSince1970: day)
    let clock = [inDay / 3_600_000, inDay / 60_000 % 60, inDay / 1000 % 60].map { Self.padded($0, 2) }
    return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(dayOfMonth, 2))"
      + "T\(clock.joined(separator: ":")).\(Self.padded(inDay % 1000, 3))Z"
  }

  /// Days to a date of the Gregorian calendar, by eras of 400 years.
  private static func civilDate(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
