import HTTPWire
import MartletTestSupport
import Testing

@Suite struct RequestReaderTests {
  @Test(arguments: RequestCorpus.all)
  func V_082_S_18_eachCaseHasItsVerdict(_ one: WireCase) {
    #expect(WireCase.verdict(of: Ours.requests([one.bytes])) == one.verdict)
  }

  @Test func V_082_theCorpusIsLargeEnough() {
    #expect(RequestCorpus.all.count >= 150)
    #expect(Set(RequestCorpus.all.map(\.name)).count >= RequestCorpus.all.count - 5)
  }

  /// However the bytes are cut, they say the same.
  @Test(arguments: RequestCorpus.all)
  func V_082_cutsDontMatter(_ one: WireCase) {
    let whole = Ours.requests([one.bytes])
    // What is long is long by repetition: its ends and some places between stand for all.
    let stride = one.bytes.count <= 400 || TestCounts.isFull ? 1 : one.bytes.count / 150
    for cut in Swift.stride(from: 0, through: one.bytes.count, by: stride) {
      let pieces = [Array(one.bytes[..<cut]), Array(one.bytes[cut...])]
      #expect(Ours.requests(pieces) == whole, "cut at \(cut)")
    }
    if one.bytes.count <= 2000 { #expect(Ours.requests(one.bytes.map { [$0] }) == whole, "byte by byte") }
  }

  @Test func fieldsAreFoldedAndTrimmed() throws {
    let bytes = Array("POST /x?y HTTP/1.1\r\nHOST: h\r\nX-Odd:\t a b \t\r\nEmpty:\r\nA_B: no\r\n\r\n".utf8)
    let reader = RequestReader(limits: Ours.limits)
    guard case .head(let head) = try reader.next(bytes.span) else {
      Issue.record("no head")
      return
    }
    #expect(head.method == "POST")
    #expect(Array(head.target) == Array("/x?y".utf8))
    #expect(head.byteCount == bytes.count)
    #expect(head.fields.fields.map { "\($0.name)=\($0.value)" } == ["host=h", "x-odd=a b", "empty="])
    #expect(head.fields.first(.host) == "h")
    #expect(head.fields.values("x-odd") == ["a b"])
    #expect(head.fields.first("a_b") == nil, "V-064: a name with _ is not there")
  }

  @Test(arguments: [
    ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
    ("HTTP/1.1", "Connection: x, CLOSE\r\n", false),
    ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ("HTTP/1.1", "Connection: closed\r\n", true),
    ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
    ("HTTP/1.0", "Connection: close, keep-alive\r\n", false),
  ])
  func connectionsAreKeptByTheRules(version: String, lines: String, keeps: Bool) throws {
    let reader = RequestReader(limits: Ours.limits)
    guard case .head(let head) = try reader.next(Array("GET / \(version)\r\n\(lines)\r\n".utf8).span) else {
      Issue.record("no head")
      return
    }
    #expect(head.keepsConnection == keeps)
  }
}
