/// Ranges of whole numbers as regular expressions, for documents: JSON Schema can't say more of a text.
enum NumberPattern {
  /// The numbers of a range that begins with 0 or 1, in decimal digits without zeros before them.
  static func numbers(_ range: ClosedRange<Int64>) -> String {
    let digits = Array(String(range.upperBound).utf8).map { Int($0) - 0x30 }
    guard digits.count > 1 else { return "[\(range.lowerBound)-\(range.upperBound)]" }
    // With fewer digits, everything; with as many, whatever is smaller at the first place that differs.
    var ways = range.lowerBound == 0 ? ["0"] : []
    ways.append("[1-9]" + any(digits.count - 2, orFewer: true))
    for (place, digit) in digits.enumerated() {
      let least = place == 0 ? 1 : 0
      guard digit > least else { continue }
      let same = digits[..<place].map(String.init).joined()
      ways.append("\(same)[\(least)-\(digit - 1)]" + any(digits.count - place - 1))
    }
    ways.append(String(range.upperBound))
    return ways.joined(separator: "|")
  }

  private static func any(_ count: Int, orFewer: Bool = false) -> String {
    count == 0 ? "" : orFewer ? "[0-9]{0,\(count)}" : "[0-9]{\(count)}"
  }
}
