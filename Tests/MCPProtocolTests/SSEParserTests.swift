import MCPProtocol
import MartletTestSupport
import StrictCoding
import Testing

@Suite struct SSEParserTests {
  static func event(_ data: String?, id: String? = nil, event: String? = nil, retry: Int? = nil) -> SSEEvent {
    SSEEvent(id: id, event: event, data: data.map { Array($0.utf8) }, retry: retry)
  }

  static let streams: [(String, [SSEEvent])] = [
    ("data: a\n\n", [event("a")]), ("data: a\r\n\r\n", [event("a")]), ("data: a\r\r", [event("a")]),
    ("data:a\ndata: b\n\ndata:  c\n\n", [event("a\nb"), event(" c")]), ("data\n\n", [event("")]),
    ("id: 1\ndata:\n\n", [event("", id: "1")]), ("id: 1\n\n", [event(nil, id: "1")]), ("id\n\n", [event(nil, id: "")]),
    (": comment\n\n:\n\n", []), (": ping\ndata: x\n: pong\n\n", [event("x")]), ("\n\n\n", []),
    ("event: message\nid: é\nretry: 3000\ndata: {}\n\n", [event("{}", id: "é", event: "message", retry: 3000)]),
    ("\u{FEFF}data: a\n\n", [event("a")]), ("data: a\n\n\u{FEFF}data: b\n\n", [event("a")]),
    ("id: a\u{0}b\ndata: x\n\n", [event("x")]), ("retry: 1x\ndata: x\n\n", [event("x")]),
    ("retry: -1\nretry: 99999999999\ndata: x\n\n", [event("x")]), ("unknown: y\nDATA: y\n data: y\n\n", []),
    ("data: unfinished\n", []), ("data: a\u{2028}b\u{85}c\n\n", [event("a\u{2028}b\u{85}c")]),
    ("data: a\n\r\n", [event("a")]), ("data: a\r\n\ndata: b\n\r", [event("a"), event("b")]),
    ("data: a\r\ndata: b\r\rdata: c\n\n", [event("a\nb"), event("c")]),
  ]

  @Test(arguments: streams)
  func parses(text: String, expected: [SSEEvent]) throws {
    var parser = SSEParser()
    #expect(try parser.feed(Array(text.utf8)) == expected)
  }

  @Test(arguments: streams)
  func anyCutGivesTheSame(text: String, expected: [SSEEvent]) throws {
    let bytes = Array(text.utf8)
    for size in 1...3 {
      var parser = SSEParser()
      var events: [SSEEvent] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += try parser.feed(bytes[start..<min(start + size, bytes.count)])
        events += try parser.feed([])
      }
      #expect(events == expected)
    }
  }

  @Test(arguments: [
    "a\n\ndata: injected", "a\r\rdata: injected", "a\r\n\r\nid: 9\r\n\r\n", "\n", "\n\n", "\r", "\u{0}", ": comment",
    "event: x\n\n", "\r\n", "", "line\n",
  ])
  func V_040_oneEventStaysOne(text: String) throws {
    for event in [
      Self.event(text), Self.event("d", id: text), Self.event("d", event: text),
      Self.event(text, id: text, event: text, retry: 5),
    ] {
      var parser = SSEParser()
      let events = try parser.feed(event.encoded() + Array("data: end\n\n".utf8))
      #expect(events.count == 2)
      #expect(events.last == Self.event("end"))
      #expect(!parser.hasPartialEvent)
    }
  }

  @Test func V_040_encodes() {
    #expect(
      String(decoding: Self.event("a\nb", id: "1", event: "e", retry: 2).encoded(), as: UTF8.self)
        == "event: e\nid: 1\nretry: 2\ndata: a\ndata: b\n\n")
    #expect(SSEEvent().encoded().isEmpty)
    #expect(SSEEvent(id: "a\nb").encoded().isEmpty)
    #expect(SSEEvent(retry: -1).encoded().isEmpty)
  }

  @Test func R_52_limits() {
    var parser = SSEParser()
    #expect(throws: SSEError.lineTooLong) {
      for _ in 0..<17 { _ = try parser.feed([UInt8](repeating: 0x61, count: 64 * 1024)) }
    }
    #expect(throws: SSEError.lineTooLong) { try parser.feed([0x0A]) }
    parser = SSEParser()
    let line = Array("data: ".utf8) + [UInt8](repeating: 0x61, count: 64 * 1024) + [0x0A]
    #expect(throws: SSEError.eventTooLong) { for _ in 0..<17 { _ = try parser.feed(line) } }
    parser = SSEParser()
    #expect(throws: Never.self) { for _ in 0..<40 { _ = try parser.feed(line + [0x0A]) } }
    parser = SSEParser(limits: SSELimits(lineBytes: 10, eventBytes: 12))
    #expect(throws: SSEError.eventTooLong) { try parser.feed(Array("data:a\ndata:b\n\n".utf8)) }
  }

  @Test func S_15_eventFuzzRelaysStably() throws {
    let seeds = Self.streams.map(\.0)
    var mutator = Mutator(seed: 9, tokens: ["\r", "\n", "\r\n", "\n\n", "data:", "id:", "event:", "retry:", ":", " "])
    var relayed = 0
    for round in 0..<CaseCount.of("S-15", reduced: 4000, full: 500_000) {
      let mutant = mutator.mutate(Array(seeds[round % seeds.count].utf8))
      var parser = SSEParser()
      let events = try parser.feed(mutant)
      var pieces = SSEParser()
      let cut = Int.random(in: 0...mutant.count, using: &mutator.generator)
      #expect(try pieces.feed(mutant[..<cut]) + pieces.feed(mutant[cut...]) == events)
      var again = SSEParser()
      let output = try again.feed(events.flatMap { $0.encoded() })
      #expect(output.count == events.count)
      #expect(output.map(\.data) == events.map(\.data))
      relayed += events.count
    }
    #expect(relayed > 1000)
  }
}
