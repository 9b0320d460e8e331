/// A JSON number, kept as the literal that was read (RFC 8259 §6), so that no digit is lost on the way through.
public struct JSONNumber: Sendable, Equatable {
  /// The literal, in JSON's grammar.
  public let literal: String

  /// Makes an integer.
  public init(_ value: Int64) {
    literal = String(value)
  }

  /// Makes a number of a literal, or nil where it isn't JSON's grammar.
  public init?(literal: String) {
    var digits = Array(literal.utf8)[...]
    guard JSONNumberGrammar.skipNumber(&digits), digits.isEmpty else { return nil }
    self.literal = literal
  }

  /// Makes a number of a literal that the scanner has checked.
  init(scanned literal: String) {
    self.literal = literal
  }

  /// Whether the literal is an integer as written: no fraction, no exponent.
  public var isIntegerLiteral: Bool {
    literal.utf8.allSatisfy { $0 == UInt8(ascii: "-") || ($0 >= 0x30 && $0 <= 0x39) }
  }

  /// The exact value where it is integral and fits; `1e3` and `1.0` do, `0.5` and 2^63 don't.
  public var int64: Int64? {
    if literal.utf8.count <= 18, isIntegerLiteral { return Int64(literal) }
    return JSONNumberGrammar.exactInteger(of: literal)
  }

  /// The nearest double, or nil where it overflows.
  public var double: Double? {
    Double(literal).flatMap { $0.isFinite ? $0 : nil }
  }
}
