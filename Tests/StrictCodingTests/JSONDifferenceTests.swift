import StrictCoding
import Testing

/// S-12: where other parsers differ, this one refuses or keeps exactly what stands there.
struct JSONDifferenceTests {
  @Test(arguments: [
    "\u{FEFF}{}", "\u{FEFF}", " \u{FEFF}[]", "{}\u{FEFF}", "[\u{FEFF}1]", "{\u{FEFF}\"a\":1}", "\u{FFFE}{}",
  ])
  func S_12_aByteOrderMarkIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSONReader.parse(string: text) }
  }

  @Test func S_12_otherEncodingsAreRefused() {
    let marks: [[UInt8]] = [
      [0xEF, 0xBB, 0xBF], [0xFE, 0xFF], [0xFF, 0xFE], [0, 0, 0xFE, 0xFF], [0xFF, 0xFE, 0, 0],
    ]
    for mark in marks {
      #expect(throws: JSONError.self) { try JSONReader.parse(mark + Array("{}".utf8)) }
    }
    let wide: [UInt8] = [0x7B, 0, 0x7D, 0]
    #expect(throws: JSONError.self) { try JSONReader.parse(wide) }
  }

  @Test(arguments: [
    "9007199254740993", "9223372036854775807", "-9223372036854775808", "9007199254740992", "0", "-1",
  ])
  func S_12_numbersThatNameSomethingAreExact(literal: String) throws {
    let value = try JSONReader.parse(string: "{\"id\":\(literal)}")
    let object = try #require(value.objectValue)
    #expect(object["id"]?.int64Value.map { String($0) } == literal)
    #expect(String(validating: JSONWriter.write(value), as: UTF8.self) == "{\"id\":\(literal)}")
  }

  @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1.5", "1e400", "18446744073709551616"])
  func S_12_whatNoInt64HoldsIsNone(literal: String) throws {
    let object = try #require(try JSONReader.parse(string: "{\"id\":\(literal)}").objectValue)
    #expect(object["id"]?.int64Value == nil)
    #expect(
      String(validating: JSONWriter.write(.object(object)), as: UTF8.self) == "{\"id\":\(literal)}", "kept as it came")
  }
}
