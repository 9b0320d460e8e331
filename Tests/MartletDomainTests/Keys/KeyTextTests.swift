import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

/// The written form of keys.
@Suite struct KeyTextTests {
  let random = SeededRandom(seed: 30)

  @Test func A_30_keysReadBackAndTellTheirKind() throws {
    for kind in KeyKind.allCases {
      for _ in 0..<200 {
        let (key, text) = KeyText.mint(kind, random)
        let bytes = key.expose()
        #expect(KeyText(bytes) == text)
        #expect(text.kind == kind)
        #expect(bytes.starts(with: Array("mrt_\(kind.rawValue)_".utf8)))
        #expect(bytes.count == 60)
        let plain = bytes.allSatisfy { byte in
          byte == UInt8(ascii: "_") || (byte < 128 && Character(UnicodeScalar(byte)).isLetter)
            || (0x30...0x39).contains(byte)
        }
        #expect(plain, "a double click selects all of it")
        #expect(Array(text.lastFour.utf8) == Array(bytes.suffix(4)))
      }
    }
  }

  /// Computed with zlib, so that scanners can go by the published form.
  @Test func A_30_theChecksumIsCRC32InBase62() {
    #expect(KeyText(Array("mrt_key_AAAAAAAAAAAA_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB_3n5P9Z".utf8)) != nil)
  }

  @Test func A_30_everyTypingErrorIsSeen() throws {
    let (key, _) = KeyText.mint(.apiKey, random)
    let bytes = key.expose()
    for index in bytes.indices {
      for other in [UInt8(ascii: "0"), UInt8(ascii: "z"), UInt8(ascii: "_"), 0xC3] where bytes[index] != other {
        var wrong = bytes
        wrong[index] = other
        #expect(KeyText(wrong) == nil, "position \(index)")
      }
      #expect(KeyText(bytes.dropFirst(index + 1)) == nil)
    }
    #expect(KeyText(bytes + [0x20]) == nil)
    #expect(KeyText([]) == nil)
  }

  @Test func V_055_aKeyIsNotTheOtherKind() throws {
    let (key, text) = KeyText.mint(.adminToken, random)
    var forged = key.expose()
    forged.replaceSubrange(4..<7, with: Array("key".utf8))
    #expect(KeyText(forged) == nil, "the kind is under the checksum, and under the hash")
    #expect(text.digest.matches(text.digest))
    #expect(!text.digest.matches(KeyText.mint(.adminToken, random).text.digest))
  }

  @Test(arguments: [
    ("get_*", "get_time", true), ("get_*", "get_", true), ("get_*", "forget_x", false), ("*", "", true),
    ("*_x_*", "a_x_b_x_c", true), ("a*b*c", "abbbc", true), ("a*b*c", "abbb", false), ("", "", true), ("", "a", false),
    ("é*", "e\u{301}x", false), ("**a", "bba", true), ("a", "a*", false),
  ])
  func patternsMatchBytes(pattern: String, name: String, fits: Bool) {
    #expect(ToolPattern(pattern).matches(name.utf8) == fits)
  }

  /// Quadratic at worst, never exponential: this would not end.
  @Test func S_09_patternsEndSoon() {
    let pattern = ToolPattern(String(repeating: "a*", count: 60) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 2000).utf8))
  }
}
