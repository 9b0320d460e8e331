import StrictCoding
import Testing

@Suite struct JSONMembersTests {
  private static let names = JSONMembers.Names(["a", "longer", "o", "none"])

  private func members(_ text: String) throws -> [JSONMembers] {
    let view = try #require(try JSONReader.view(Array(text.utf8)))
    return [view.members(Self.names), JSONObjectView(view.tree).members(Self.names)]
  }

  @Test func membersAreFoundHoweverTheObjectIsHeld() throws {
    for found in try members(#"{"x":{"a":7},"longer":"te xt","o":{"a":1},"\u0061":null,"A":2}"#) {
      #expect(found.has(0) && found.has(1) && found.has(2) && !found.has(3))
      #expect(found[0] == .null && found.isNull(0) && !found.isNull(1) && !found.isNull(3))
      #expect(found[1] == "te xt" && found[3] == nil)
      #expect(found.isString(1, "te xt") && !found.isString(1, "te"))
      #expect(!found.isString(2, "") && !found.isString(3, ""))
      #expect(found.object(2)?["a"] == 1 && found.object(0) == nil && found.object(3) == nil)
    }
  }

  @Test(arguments: [
    ("\"plain text\"", true), ("\"\"", true), ("\"\u{7F}\"", false), (#""\u0061""#, false), ("\"ä\"", false),
    ("1", false), ("null", false),
  ])
  func textIsPlainWhereEveryoneReadsTheSame(value: String, isPlain: Bool) throws {
    let found = try members("{\"a\":\(value)}")
    #expect(found[0].isPlainText(0) == isPlain)
    #expect(!found[0].isPlainText(1) && !found[1].isPlainText(0))
  }

  @Test func stringsOfEveryLengthEndAtTheirQuote() throws {
    for length in 0..<40 {
      for last in ["x", "é", "\\n", "\\\""] {
        let text = String(repeating: "y", count: length) + last
        let value = try JSONReader.parse(string: "[\"\(text)\",\"z\"]")
        #expect(value.arrayValue?.last == "z", "\(length) \(last)")
        #expect(throws: JSONError.self) { try JSONReader.parse(string: "[\"\(text)\u{1}\"]") }
        #expect(throws: JSONError.self) { try JSONReader.parse(string: "[\"\(text)") }
      }
    }
  }
}
