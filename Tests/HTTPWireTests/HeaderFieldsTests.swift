import HTTPWire
import MartletTestSupport
import Testing

@Suite struct HeaderFieldsTests {
  private let fields = HeaderFields(lowercased: [
    ("host", "a"), ("x-one", "1"), ("mcp-param-b", "2"), ("x-one", ""), ("mcp-name", "n"), ("accept", "äöü"),
  ])

  @Test func fieldsAreFoundByNameAndByKind() {
    #expect(fields.first("host") == "a")
    #expect(fields.first(.host) == "a")
    #expect(fields.values("x-one") == ["1", ""])
    #expect(fields.count("x-one") == 2)
    #expect(fields.count(.host) == 1)
    #expect(fields.count("x-two") == 0)
    #expect(fields.tally(.host) == ("a", 1))
    #expect(fields.tally(.origin) == (nil, 0))
    #expect(HeaderFields(lowercased: [("host", "a"), ("host", "b")]).tally(.host) == ("a", 2))
    #expect(fields.first("x-on") == nil)
    #expect(fields.first(.origin) == nil)
    #expect(fields.values(.accept) == ["äöü"])
    #expect(fields.bytes(of: .accept).map { Array($0) } == Array("äöü".utf8))
    #expect(fields.fields(startingWith: "mcp-").map(\.name) == ["mcp-param-b", "mcp-name"])
    #expect(fields.fields.count == 6 && fields.count == 6)
    #expect(fields.isSendable)
  }

  @Test(arguments: ["a\r\nb", "a\nb", "\r", "a\0", "\u{7F}", "\u{1}", "long enough for a whole word \r\n"])
  func whatCantStandInAHeadIsMarked(value: String) {
    var fields = HeaderFields()
    fields.add("x", value)
    #expect(!fields.isSendable)
    var writer = HeadWriter()
    writer.begin(status: 200)
    writer.add(fields)
    #expect(!writer.isValid)
    writer.begin(method: "GET", target: "/")
    writer.add("x", value)
    #expect(!writer.isValid)
  }

  @Test(arguments: ["", "a b", "a:", "a\r", "ä"])
  func namesAreTokens(name: String) {
    var fields = HeaderFields()
    fields.add(name, "x")
    #expect(!fields.isSendable)
    var writer = HeadWriter()
    writer.begin(method: "GET", target: "/")
    writer.add(named: name, "x")
    #expect(!writer.isValid)
  }
}

@Suite struct HeadWriterTests {
  @Test func whatIsWrittenOutOnceIsWrittenTheSame() {
    func head(_ fields: HeaderFields) -> [UInt8]? {
      var writer = HeadWriter()
      writer.begin(status: 200)
      writer.add(fields)
      writer.end()
      return writer.isValid ? Array(writer.bytes) : nil
    }
    var plain = HeaderFields(lowercased: [("a", "b"), ("content-length", "7"), ("vary", "Origin")])
    var kept = plain.writtenOut()
    #expect(head(kept) == head(plain))
    kept.add("c", "d")
    plain.add("c", "d")
    #expect(head(kept) == head(plain))
    kept.add("e", "\r\n")
    #expect(head(kept) == nil && head(kept.writtenOut()) == nil)
  }

  @Test func aHeadGoesOnFromAnother() {
    var first = HeadWriter()
    first.begin(method: "POST", target: "/mcp")
    first.add("host", "h")
    var second = HeadWriter()
    second.begin(method: "GET", target: " ")
    second.begin(with: Array(first.bytes))
    second.add("x", "1")
    second.end()
    #expect(second.isValid)
    #expect(String(decoding: second.bytes, as: UTF8.self) == "POST /mcp HTTP/1.1\r\nhost: h\r\nx: 1\r\n\r\n")
  }

  @Test func headsAreWritten() {
    var writer = HeadWriter()
    for status in [200, 404, 599] {
      writer.begin(status: status)
      writer.add(HeaderFields(lowercased: [("a", "b\tc"), ("content-length", "7"), ("connection", "x")]))
      writer.add("content-length", 1230)
      writer.add("connection", "close")
      writer.end()
      #expect(writer.isValid)
      let text = String(decoding: writer.bytes, as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 \(status) "))
      #expect(text.hasSuffix("\r\na: b\tc\r\ncontent-length: 1230\r\nconnection: close\r\n\r\n"))
    }
    writer.begin(method: "POST", target: "/a?b")
    writer.add("host", "h")
    writer.add("content-length", 0)
    writer.end()
    #expect(writer.isValid)
    #expect(
      String(decoding: writer.bytes, as: UTF8.self) == "POST /a?b HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
  }

  @Test func headsOfAnySizeAreWritten() {
    var writer = HeadWriter()
    for size in [0, 1, 499, 500, 501, 512, 5000, 3] {
      let value = String(repeating: "v", count: size)
      writer.begin(status: 200)
      writer.add("x", value)
      writer.add(named: "y", value)
      writer.end()
      #expect(writer.isValid && writer.count == writer.bytes.count)
      #expect(
        String(decoding: writer.bytes, as: UTF8.self) == "HTTP/1.1 200 OK\r\nx: \(value)\r\ny: \(value)\r\n\r\n")
    }
  }

  @Test(arguments: ["", "/a b", "/a\r\nX: y", "/ä", "/#"])
  func targetsAreChecked(target: String) {
    var writer = HeadWriter()
    writer.begin(method: "GET", target: target)
    #expect(!writer.isValid)
  }

  /// What is written is read as it was meant.
  @Test func V_082_whatIsWrittenIsReadBack() {
    var generator = SeededGenerator(fuzzSeed: 82)
    var writer = HeadWriter()
    for _ in 0..<CaseCount.of("V-082", reduced: 500, full: 50_000) {
      let value = String(
        decoding: (0..<Int.random(in: 0...20, using: &generator)).map { _ in
          UInt8.random(in: 0...0x7F, using: &generator)
        }, as: UTF8.self)
      writer.begin(method: "POST", target: "/")
      writer.add("x", value)
      writer.add("content-length", 0)
      writer.end()
      let transcript = Ours.requests([Array(writer.bytes)])
      let isFit = value.utf8.allSatisfy { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
      #expect(writer.isValid == isFit, "\(Array(value.utf8))")
      if writer.isValid { #expect(transcript.complete.count == 1 && transcript.messages[0].fields.count == 2) }
    }
  }
}
