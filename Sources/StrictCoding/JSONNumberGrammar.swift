/// The grammar of RFC 8259 §6 and the exact reading of integers written with fraction or exponent.
enum JSONNumberGrammar {
  /// Drops one number from the front; false where there is none.
  static func skipNumber(_ input: inout ArraySlice<UInt8>) -> Bool {
    if input.first == UInt8(ascii: "-") { input.removeFirst() }
    guard let first = input.first, isDigit(first) else { return false }
    input.removeFirst()
    if first != UInt8(ascii: "0") { input = input.drop(while: isDigit) }
    if input.first == UInt8(ascii: ".") {
      input.removeFirst()
      guard let digit = input.first, isDigit(digit) else { return false }
      input = input.drop(while: isDigit)
    }
    if let mark = input.first, mark | 0x20 == UInt8(ascii: "e") {
      input.removeFirst()
      if let sign = input.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { input.removeFirst() }
      guard let digit = input.first, isDigit(digit) else { return false }
      input = input.drop(while: isDigit)
    }
    return true
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    byte >= 0x30 && byte <= 0x39
  }

  /// The exact value of a literal, never by way of a double.
  static func exactInteger(of literal: String) -> Int64? {
    var rest = Array(literal.utf8)[...]
    let negative = rest.first == UInt8(ascii: "-")
    if negative { rest.removeFirst() }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction = ArraySlice<UInt8>()
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(fraction.count + 1)
    }
    var digits = Array((whole + fraction).drop { $0 == UInt8(ascii: "0") })
    if digits.isEmpty { return 0 }
    guard var exponent = exponent(of: rest) else { return nil }
    exponent -= fraction.count
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
    return accumulate(digits, zeros: exponent, negative: negative)
  }

  /// The exponent part as a number; nil where it is absurdly large.
  private static func exponent(of text: ArraySlice<UInt8>) -> Int? {
    guard !text.isEmpty else { return 0 }
    var digits = text.dropFirst()
    let negative = digits.first == UInt8(ascii: "-")
    if negative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
    digits = digits.drop { $0 == UInt8(ascii: "0") }
    if digits.count > 9 { return nil }
    let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return negative ? -value : value
  }

  private static func accumulate(_ digits: [UInt8], zeros: Int, negative: Bool) -> Int64? {
    var value: Int64 = 0
    for digit in digits + Array(repeating: UInt8(ascii: "0"), count: zeros) {
      // Negative accumulation reaches Int64.min without overflow.
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, underflow) = scaled.subtractingReportingOverflow(Int64(digit - 0x30))
      if overflow || underflow { return nil }
      value = next
    }
    if negative { return value }
    return value == .min ? nil : -value
  }
}
