/// Durations as people write them.
public enum DurationText {
  private static let units: [(suffix: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Reads `500ms`, `90s`, `2m`, `1h`, `30d`; `nil` for anything else.
  public static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), let unit = units.first(where: { $0.suffix == text.dropFirst(digits.count) })
    else {
      return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
    return overflow ? nil : .milliseconds(product)
  }

  /// Writes a duration in the largest unit that fits.
  public static func write(_ duration: Duration) -> String {
    let value = duration.milliseconds
    let unit = units.last { value % $0.milliseconds == 0 && value >= $0.milliseconds } ?? units[0]
    return "\(value / unit.milliseconds)\(unit.suffix)"
  }
}
