import StrictCoding
import Testing

@Suite struct JSONWriterTests {
  @Test func writesCompactAndPretty() {
    let value: JSONValue = ["b": [1, nil, true, "x\"\\\n\u{1}\u{7F}é"], "a": [:], "c": []]
    #expect(JSONWriter.string(value) == #"{"b":[1,null,true,"x\"\\\n\u0001\u007fé"],"a":{},"c":[]}"#)
    #expect(
      JSONWriter.string(["a": [1, ["b": 2]]], pretty: true) == """
        {
          "a": [
            1,
            {
              "b": 2
            }
          ]
        }
        """)
  }

  @Test func whatMustBeEscapedIsWhereverItStands() {
    func naive(_ scalar: Unicode.Scalar) -> String {
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\0": "\\u0000"
      case "\u{1F}": "\\u001f"
      case "\u{7F}": "\\u007f"
      default: String(scalar)
      }
    }
    let scalars: [Unicode.Scalar] = [
      "\0", "\n", "\u{1F}", " ", "!", "\"", "#", "[", "\\", "]", "~", "\u{7F}", "\u{80}", "é", "\u{FF}", "😀",
    ]
    for (count, scalar) in (0..<20).flatMap({ count in scalars.map { (count, $0) } }) {
      for second in scalars {
        let before = String(repeating: "a", count: count)
        let text = before + String(scalar) + String(second) + "bcdefgh"
        #expect(JSONWriter.string(.string(text)) == "\"\(before)\(naive(scalar))\(naive(second))bcdefgh\"")
      }
    }
  }

  @Test func everyScalarSurvives() throws {
    for value in stride(from: UInt32(0), to: 0x11_0000, by: 0x7F) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = JSONValue.string("a\(String(scalar))b")
      #expect(try JSONReader.parse(JSONWriter.write(text)) == text)
    }
  }

  @Test func literalsKeepTheirDigits() throws {
    let text = "[1.10,1e3,-0,123456789012345678901234567890]"
    #expect(JSONWriter.string(try JSONReader.parse(string: text)) == text)
  }

  @Test func objectsKeepOrderAndReplaceInPlace() {
    var object: JSONObject = ["z": 1, "a": 2, "m": 3]
    object["a"] = 9
    object["q"] = 4
    object["z"] = nil
    #expect(object.keys == ["a", "m", "q"])
    #expect(object["a"] == 9)
    #expect(object == ["q": 4, "m": 3, "a": 9])
    #expect(object != ["q": 4, "m": 3, "a": 8])
    #expect(JSONObject([(key: "a", value: 1), (key: "a", value: 2)]) == ["a": 2])
  }
}
