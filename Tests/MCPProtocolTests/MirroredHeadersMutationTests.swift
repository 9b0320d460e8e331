import MCPProtocol
import MartletTestSupport
import Testing

/// Header values of every shape: what is let through means the very text that the body names, and nothing else does.
@Suite struct MirroredHeadersMutationTests {
  private static let names = [
    "add", "", " padded ", "é\u{1F426}", "=?base64?YWRk?=", "=?base64?=", "a\tb", "\u{0}", "x:y/z",
  ]

  @Test func V_030_S_15_whatIsEncodedIsDecodedToItself() {
    var mutator = Mutator(seed: 30, tokens: ["=?base64?", "?=", "YWRk", "=", "\t", " "])
    for round in 0..<CaseCount.of("V-030", reduced: 2_000, full: 100_000) {
      let seed = Self.names[round % Self.names.count]
      let text = String(decoding: mutator.mutate(Array(seed.utf8)), as: UTF8.self)
      let value = HeaderSentinel.encode(text)
      #expect(value.utf8.allSatisfy { $0 == 0x09 || (0x20..<0x7F).contains($0) }, "\(Array(text.utf8))")
      #expect(HeaderSentinel.decode(value).map { Array($0.utf8) } == Array(text.utf8), "\(Array(text.utf8))")
    }
  }

  @Test func V_030_S_15_whatIsDecodedHasOneSpellingInTheSentinel() {
    var mutator = Mutator(seed: 31, tokens: ["=?base64?", "?=", "YWRk", "=", "==", "?", "/w=="])
    for round in 0..<CaseCount.of("V-030", reduced: 2_000, full: 100_000) {
      let seed = "=?base64?" + ["YWRk", "w6k=", "PT9iYXNlNjQ/WVdSaz89", ""][round % 4] + "?="
      let value = String(decoding: mutator.mutate(Array(seed.utf8)), as: UTF8.self)
      guard let text = HeaderSentinel.decode(value), !text.utf8.elementsEqual(value.utf8) else { continue }
      // It was a sentinel: its text needs none in the shortest form, or has this very one.
      let again = HeaderSentinel.encode(text)
      #expect(again.utf8.elementsEqual(text.utf8) || again.utf8.elementsEqual(value.utf8), "\(value)")
    }
  }

  @Test func V_030_S_15_headersThatPassSayWhatTheBodySays() {
    var mutator = Mutator(seed: 32, tokens: ["=?base64?", "?=", "YWRk", "add", "tools/call", " ", "\u{301}"])
    var passed = 0
    for round in 0..<CaseCount.of("V-030", reduced: 2_000, full: 100_000) {
      let name = Self.names[round % Self.names.count]
      let spelled = Array(HeaderSentinel.encode(name).utf8)
      let value = String(decoding: round % 3 == 0 ? spelled : mutator.mutate(spelled), as: UTF8.self)
      let headers = MirroredHeadersTests.headers("tools/call", name: value)
      let message = MirroredHeadersTests.request(.toolsCall, ["name": .string(name)])
      guard (try? headers.validate(message, as: MirroredHeadersTests.modern)) != nil else { continue }
      passed += 1
      #expect(HeaderSentinel.decode(value).map { Array($0.utf8) } == Array(name.utf8), "\(value) for \(name)")
    }
    #expect(passed > 0)
  }
}
