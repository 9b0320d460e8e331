import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletPolicy

/// V-006: a name that a server may take for another one is as good as that to a rule that refuses, and to no other rule.
@Suite struct NamePatternTests {
  private static let letters = Array("abcdefghijklmnoprstuvwxyz0123456789_-./".unicodeScalars)
  private static let invisible: [Unicode.Scalar] = [
    "\u{200B}", "\u{200D}", "\u{2060}", "\u{AD}", "\u{202E}", "\u{E0041}",
  ]
  private static let blanks: [Unicode.Scalar] = [" ", "\u{A0}", "\u{3000}", "\u{2003}", "\u{2028}", "\u{202F}"]

  private static func name(_ random: inout SeededGenerator) -> [Unicode.Scalar] {
    (0..<Int.random(in: 1...12, using: &random)).compactMap { _ in letters.randomElement(using: &random) }
  }

  /// A pattern that fits a name: some of it as it is, some behind stars.
  private static func pattern(for name: [Unicode.Scalar], _ random: inout SeededGenerator) -> [Unicode.Scalar] {
    var pattern = name
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let start = Int.random(in: 0...pattern.count, using: &random)
      let end = Int.random(in: start...pattern.count, using: &random)
      pattern.replaceSubrange(start..<end, with: ["*"])
    }
    return pattern
  }

  /// Ways to write a letter that some reader takes for it.
  private static func disguises(of letter: Unicode.Scalar) -> [Unicode.Scalar] {
    var found = [letter]
    if let wide = Unicode.Scalar(letter.value + 0xFEE0) { found.append(wide) }
    guard letter.properties.isAlphabetic else { return found }
    for start: UInt32 in [0x41, 0xFF21, 0x1D400, 0x1D41A, 0x24B6, 0x24D0] {
      if let other = Unicode.Scalar(start + letter.value - 0x61) { found.append(other) }
    }
    let special: [Unicode.Scalar: [Unicode.Scalar]] = [
      "i": ["\u{130}", "\u{131}"], "k": ["\u{212A}"], "s": ["\u{17F}"],
    ]
    return found + (special[letter] ?? [])
  }

  private static func disguised(_ name: [Unicode.Scalar], _ random: inout SeededGenerator) -> [Unicode.Scalar] {
    var name = name.flatMap { letter -> [Unicode.Scalar] in
      let shown = disguises(of: letter).randomElement(using: &random) ?? letter
      let hidden = Int.random(in: 0..<4, using: &random) == 0 ? invisible.randomElement(using: &random) : nil
      return [shown] + (hidden.map { [$0] } ?? [])
    }
    if Bool.random(using: &random), let blank = blanks.randomElement(using: &random) { name.append(blank) }
    if Bool.random(using: &random), let blank = blanks.randomElement(using: &random) { name.insert(blank, at: 0) }
    return name
  }

  private static func text(_ scalars: [Unicode.Scalar]) -> String { String(String.UnicodeScalarView(scalars)) }

  @Test func V_006_noDisguiseEscapesAPattern() throws {
    var random = SeededGenerator(seed: 6)
    for _ in 0..<TestCounts.pick(reduced: 2_000, full: 200_000) {
      let name = Self.name(&random)
      let pattern = Self.pattern(for: name, &random)
      let shown = Bool.random(using: &random) ? Self.disguised(pattern.filter { $0 != "*" }, &random) : pattern
      let rule = try #require(NamePattern(Self.text(pattern)))
      let seen = ByteString(Self.text(Self.disguised(name, &random)))
      #expect(rule.mayMean(ComparedName(seen)), "\(seen) by \(rule)")
      // A rule that is itself written in disguise is about the same names.
      if !pattern.contains("*"), let written = NamePattern(Self.text(shown)) {
        #expect(written.mayMean(ComparedName(seen)), "\(seen) by \(written)")
      }
      // One letter more is another name.
      guard !pattern.contains("*") else { continue }
      let other = ByteString(Self.text(Self.disguised(name + ["q"], &random)))
      #expect(!rule.mayMean(ComparedName(other)), "\(other) by \(rule)")
      #expect(
        rule.matches(seen) == seen.bytes.elementsEqual(rule.description.utf8), "an exact rule: \(seen) by \(rule)")
    }
  }

  /// Whatever a rule was about by ASCII letters alone, it is about.
  @Test func V_006_foldingLetsNothingGo() throws {
    var random = SeededGenerator(seed: 7)
    let scalars: [Unicode.Scalar] = [
      "a", "B", " ", "*", "\u{DF}", "\u{1E9E}", "\u{301}", "e", "\u{E9}", "\u{FB01}", "\u{FDFA}", "\u{200B}", "\u{130}",
      "\u{307}", "\u{3099}", "\u{304B}", "\u{1100}", "\u{1161}", "\u{FF0A}",
    ]
    for _ in 0..<TestCounts.pick(reduced: 2_000, full: 200_000) {
      let name = (0..<Int.random(in: 1...6, using: &random)).compactMap { _ in scalars.randomElement(using: &random) }
      let pattern = Self.pattern(for: name, &random)
      let rule = try #require(NamePattern(Self.text(pattern)))
      #expect(rule.mayMean(ComparedName(ByteString(Self.text(name)))), "\(name) by \(rule)")
    }
  }

  @Test(arguments: [
    ("straße", "STRASSE"), ("STRASSE", "straße"), ("file", "\u{FB01}le"), ("café", "cafe\u{301}"), ("ΣΑΣ", "σας"),
    ("delete", "delete\u{85}"), ("delete", String(repeating: "é", count: 600)), ("УДАЛИТЬ", "удалить"),
    ("x y", "X\u{A0}Y"),
    (" delete", "delete"), ("delete *", "delete now"),
  ])
  func V_006_mayMean(_ pattern: String, _ name: String) throws {
    #expect(try #require(NamePattern(pattern)).mayMean(ComparedName(ByteString(name))))
  }

  @Test(arguments: [
    ("delete", "查询"), ("delete", "gröẞe"), ("delete", "de lete"), ("delete", "délete"), ("delete", ""),
    ("a*", "\u{3B1}b"),
    ("か", "が"), ("d*", String(repeating: "e", count: 8192)), ("delete", "deIete"),
  ])
  func V_006_meansAnotherName(_ pattern: String, _ name: String) throws {
    #expect(try !#require(NamePattern(pattern)).mayMean(ComparedName(ByteString(name))))
  }
}
