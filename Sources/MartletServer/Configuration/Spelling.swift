/// Tells how far two words are apart, for "did you mean".
enum Spelling {
  /// The number of single-letter edits (Levenshtein).
  static func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    var row = Array(0...right.count)
    for (i, byte) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in right.enumerated() {
        let substituted = diagonal + (byte == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}

/// Whole numbers as people write them.
enum DecimalText {
  /// Reads up to nine digits and nothing else.
  static func parse(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}

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
