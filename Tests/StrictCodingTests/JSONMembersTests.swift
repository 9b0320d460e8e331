import StrictCoding
import Testing

@Suite struct JSONMembersTests {
  private static let names = JSONMembers.Names(["a", "longer", "o", "none"])

  /// As it was read, and as it was built.
  private func views(_ text: String) throws -> [JSONObjectView] {
    let view = try #require(try JSONReader.view(Array(text.utf8)))
    return [view, JSONObjectView(view.tree)]
  }

  @Test func membersAreFoundHoweverTheObjectIsHeld() throws {
    for view in try views(#"{"x":{"a":7},"longer":"te xt","o":{"a":1},"\u0061":null,"A":2}"#) {
      let found = view.members(Self.names)
      let (null, text, object, none) = (found[0], found[1], found[2], found[3])
      #expect(null != nil && text != nil && object != nil && none == nil)
      #expect(view.value(at: null) == .null && view.value(at: text) == "te xt" && view.value(at: none) == nil)
      #expect(view.isNull(at: null) && !view.isNull(at: text) && !view.isNull(at: none))
      #expect(view.isString(at: text, "te xt") && !view.isString(at: text, "te"))
      #expect(!view.isString(at: object, "") && !view.isString(at: none, ""))
      #expect(view.text(at: text) == "te xt" && view.text(at: object) == nil && view.text(at: none) == nil)
      #expect(view.isText(at: text) && !view.isText(at: object) && !view.isText(at: none))
      #expect(view.object(at: object)?["a"] == 1 && view.object(at: null) == nil && view.object(at: none) == nil)
      #expect(view.isObject(at: object) && !view.isObject(at: null) && !view.isObject(at: none))
    }
  }

  @Test func otherKeysAreShown() throws {
    let text = #"{"x":1,"a":2,"\u006c\u006fnger":3,"é":4,"\u0078y":5,"A":6}"#
    for (view, plain) in zip(try views(text), [["x", "A"], []]) {
      var (others, plainOnes): ([String], [String]) = ([], [])
      let found = view.members(Self.names) { key, isPlain in
        others.append(String(decoding: key, as: UTF8.self))
        if isPlain { plainOnes.append(String(decoding: key, as: UTF8.self)) }
      }
      #expect(others == ["x", "é", "xy", "A"] && plainOnes == plain)
      #expect(view.value(at: found[0]) == 2 && view.value(at: found[1]) == 3)
    }
  }

  @Test func anObjectIsBuiltOfWhatIsWanted() throws {
    for view in try views(#"{"x":{"a":7},"longer":"text","\u0061b":null,"a":2}"#) {
      #expect(view.tree { !$0.starts(with: "a") } == ["x": ["a": 7], "longer": "text"])
      #expect(view.tree { $0.holdsSame(as: "ab") || $0.holdsSame(as: "x") } == ["x": ["a": 7], "ab": nil])
      #expect(view.tree { _ in true } == view.tree && view.tree { _ in false } == [:])
    }
  }

  @Test(arguments: [
    ("", "", true), ("a", "", true), ("", "a", false), ("ab", "abc", false), ("abc", "ab", true), ("éa", "e", false),
  ])
  func textsBeginBytewise(text: String, beginning: String, begins: Bool) {
    #expect(text.startsBytewise(with: beginning) == begins)
  }

  @Test func namesBeyondTheEighthAreNoOthers() throws {
    let names = (0..<12).map { "n\($0)" }
    let text = "{" + names.map { "\"\($0)\":\"\($0)\"" }.joined(separator: ",") + "}"
    for view in try views(text) {
      var others = 0
      let found = view.members(JSONMembers.Names(names)) { _, _ in others += 1 }
      #expect(others == 0)
      for number in 0..<8 { #expect(view.text(at: found[number]) == names[number]) }
    }
  }

  @Test(arguments: [
    ("\"plain text\"", true), ("\"\"", true), ("\"\u{7F}\"", false), (#""\u0061""#, false), ("\"ä\"", false),
    ("1", false), ("null", false),
  ])
  func textIsPlainWhereEveryoneReadsTheSame(value: String, isPlain: Bool) throws {
    let views = try views("{\"a\":\(value)}")
    let found = views.map { $0.members(Self.names) }
    #expect(views[0].isPlainText(at: found[0][0]) == isPlain)
    #expect(!views[0].isPlainText(at: found[0][1]) && !views[1].isPlainText(at: found[1][0]))
  }

  /// More of them are looked for by their hashes.
  @Test(arguments: [2, 15, 16, 17, 18, 40])
  func keysOfAnObjectAreDistinctHoweverManyItHas(count: Int) throws {
    func text(_ keys: [String]) -> String { "{" + keys.map { "\"\($0)\":{\"k0\":1}" }.joined(separator: ",") + "}" }
    let keys = (0..<count).map { "k\($0)" }
    #expect(try JSONReader.parse(string: "[\(text(keys)),\(text(keys))]").arrayValue?.count == 2)
    for repeated in keys + ["\\u006b0"] where repeated != "\\u006b0" || count > 0 {
      let error = #expect(throws: JSONError.self) { try JSONReader.parse(string: text(keys + [repeated])) }
      #expect(error?.code == .duplicateKey)
    }
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
