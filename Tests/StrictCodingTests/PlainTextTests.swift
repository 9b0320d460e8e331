import StrictCoding
import Testing

@Suite struct PlainTextTests {
  static let breaks = ["\r\n", "\n\r", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}", "\u{B}", "\u{C}"]

  @Test(arguments: breaks)
  func S_02_everyLineBreakIsSeen(text: String) {
    #expect(!PlainText.isSingleLine("a\(text)b"))
    #expect(!PlainText.isSingleLine(text))
    #expect(PlainText.sanitized("a\(text)b") == "a b")
  }

  @Test func S_02_controls() {
    for value in Array(UInt32(0)..<0x20) + Array(0x7F..<0xA0) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a\(String(scalar))b"
      #expect(!PlainText.isSingleLine(text))
      #expect(PlainText.isSingleLine(PlainText.sanitized(text)))
    }
    #expect(PlainText.isSingleLine("Zoë’s client 2.0 – 日本語 😀"))
  }

  @Test(arguments: [
    ("\u{1B}[31mred\u{1B}[0m", "[31mred[0m"), ("a\u{202E}dcb\u{202C}", "adcb"), ("a\u{2066}b\u{2069}", "ab"),
    ("zero\u{200B}\u{200D}\u{FEFF}width", "zerowidth"), ("tag\u{E0041}\u{E007F}s", "tags"), ("so\u{AD}ft", "soft"),
    ("\u{61C}\u{200F}x", "x"), ("  keep  inner ", "  keep  inner "), ("\n\nfirst\n\nlast\n\n", "first last"),
    ("p\u{E000}\u{10FFFD}\u{FFFE}q", "pq"), ("{\"a\":\"b\"}", "{\"a\":\"b\"}"), ("\u{3164}\u{115F}x", "x"),
    ("日本 é 😀", "日本 é 😀"),
  ])
  func V_103_A_11_displayNames(text: String, expected: String) {
    #expect(PlainText.sanitized(text) == expected)
  }

  @Test func V_103_lengthIsBounded() {
    let long = String(repeating: "x", count: 10_000)
    #expect(PlainText.sanitized(long, limit: 10) == "xxxxxxxxxx…")
    #expect(PlainText.sanitized("xxxxxxxxxx", limit: 10) == "xxxxxxxxxx")
    #expect(PlainText.sanitized("", limit: 10) == "")
    #expect(PlainText.sanitized(bytes: [0x61, 0xFF, 0x0A, 0x62]) == "a\u{FFFD} b")
  }

  @Test func V_103_hiddenCharactersAreFlagged() {
    #expect(PlainText.hidesCharacters("a\u{200B}b"))
    #expect(PlainText.hidesCharacters("a\u{E0041}b"))
    #expect(PlainText.hidesCharacters("a\nb"))
    #expect(!PlainText.hidesCharacters("Claude Code – é"))
  }
}
