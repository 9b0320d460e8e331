import StrictCoding
import Testing

@Suite struct JSONNumberTests {
  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("1", 1), ("-17", -17), ("1.0", 1), ("1e3", 1000), ("1E+3", 1000), ("1.5e1", 15),
      ("100e-2", 1), ("-1.20e2", -120), ("0e999999999999", 0), ("0.000", 0), ("9223372036854775807", .max),
      ("-9223372036854775808", .min), ("-9223372036854775808.0", .min), ("0.1e1", 1),
      ("1000000000000000000000e-3", 1_000_000_000_000_000_000),
    ] as [(String, Int64)])
  func S_07_exactIntegers(literal: String, expected: Int64) throws {
    let number = try #require(JSONNumber(literal: literal))
    #expect(number.int64 == expected)
  }

  @Test(arguments: [
    "1e300", "1e400", "1e99999999999999999999", "-1e300", "9223372036854775808", "-9223372036854775809", "0.5", "1e-1",
    "1.5", "18446744073709551616", "12345678901234567890123", "1e-99999999999", "9223372036854775807.5", "1e19",
  ])
  func S_07_noTrapForOthers(literal: String) throws {
    let number = try #require(JSONNumber(literal: literal))
    #expect(number.int64 == nil)
  }

  @Test func S_07_doublesAreFinite() {
    #expect(JSONNumber(literal: "1e300")?.double == 1e300)
    #expect(JSONNumber(literal: "1e400")?.double == nil)
    #expect(JSONNumber(literal: "-2.5")?.double == -2.5)
  }

  @Test(arguments: ["", "-", "01", "1.", ".1", "1e", "1e+", "+1", "0x1", "1 ", " 1", "١", "NaN", "inf", "--1", "1e1.0"])
  func refusesOtherGrammars(literal: String) {
    #expect(JSONNumber(literal: literal) == nil)
  }

  @Test func roundTripsInt64() {
    for value in [Int64.min, -1, 0, 1, .max] {
      #expect(JSONNumber(value).int64 == value)
      #expect(JSONNumber(value).isIntegerLiteral)
    }
    #expect(JSONNumber(literal: "1.0")?.isIntegerLiteral == false)
  }
}
