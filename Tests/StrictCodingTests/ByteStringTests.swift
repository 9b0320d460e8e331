import StrictCoding
import Testing

@Suite struct ByteStringTests {
  @Test func S_03_canonicalEquivalenceIsNotEquality() {
    let composed = "caf\u{E9}"
    let decomposed = "cafe\u{301}"
    #expect(composed == decomposed, "what String does, and why ByteString exists")
    #expect(ByteString(composed) != ByteString(decomposed))
    #expect(Set([ByteString(composed), ByteString(decomposed)]).count == 2)
    #expect(!composed.equalsBytewise(decomposed))
    // The same length, so that no count gives the difference away.
    let (first, second) = ("a\u{301}\u{323}", "a\u{323}\u{301}")
    #expect(first == second)
    #expect(!first.equalsBytewise(second))
    #expect(!Substring(first).equalsBytewise(second))
    #expect(!ASCIICase.equal(first, second))
    #expect(ByteString(first) != ByteString(second))
  }

  @Test(arguments: [("\u{37E}", ";"), ("\u{1FEF}", "`"), ("\u{212B}", "\u{C5}")])
  func S_04_singletonEquivalents(left: String, right: String) {
    #expect(ByteString(left) != ByteString(right))
    #expect(!left.equalsBytewise(right))
  }

  @Test func S_05_onlyASCIIFolds() {
    #expect(ASCIICase.lowercased("\u{212A}eY-ſ") == "\u{212A}ey-ſ")
    #expect(ASCIICase.equal("Mcp-Method", "mcp-mETHOD"))
    #expect(!ASCIICase.equal("\u{212A}", "k"))
    #expect(!ASCIICase.equal("[", "{"))
    #expect(!ASCIICase.equal("ſ", "s"))
  }

  @Test func S_06_invalidBytesStayApart() {
    #expect(ByteString([0xFF]) != ByteString([0xFE]))
    #expect(ByteString([0xFF]).string == ByteString([0xFE]).string)
    #expect(ByteString([0xFF]).validatedString == nil)
    #expect(ByteString("ok").validatedString == "ok")
  }

  @Test func orders() {
    #expect(ByteString("a") < "b")
    #expect(ByteString("a") < "aa")
    #expect(!(ByteString("b") < "aa"))
  }
}
