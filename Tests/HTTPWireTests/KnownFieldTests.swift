import Foundation
@testable import HTTPWire
import MartletTestSupport
import Testing

@Suite struct KnownFieldTests {
  private func found(_ name: String) -> KnownField? {
    KnownFieldTable.shared.field(Array(name.utf8).span, 0, name.utf8.count)
  }

  @Test func noTwoShareASlot() { #expect(KnownFieldTable.shared.collisions.isEmpty) }

  @Test(arguments: KnownField.allCases)
  func eachIsFoundInAnyCase(field: KnownField) {
    let name = field.rawValue
    #expect(found(name) == field)
    #expect(found(name.uppercased()) == field)
    #expect(found(name.capitalized) == field)
    #expect(found(name + "x") == nil)
    #expect(found("x" + name) == nil)
    #expect(found(String(name.dropLast())) != field)
    for index in name.utf8.indices {
      // `^` and `~`, `_` and DEL differ by the bit that tells cases apart.
      for other in "_^~!" {
        var changed = Array(name.utf8)
        changed[name.utf8.distance(from: name.startIndex, to: index)] = other.asciiValue ?? 0
        #expect(KnownFieldTable.shared.field(changed.span, 0, changed.count) == nil)
      }
    }
  }

  /// No other byte in its place makes a name: not even one that a careless fold would take for it, such as CR for `-`.
  @Test(arguments: KnownField.allCases)
  func S_18_noOtherByteIsTakenForOneOfAName(field: KnownField) {
    let name = Array(field.rawValue.utf8)
    // With and without bytes behind it: words may be read beyond its end.
    for tail in [[], Array(": 0123456789".utf8)] {
      for place in name.indices {
        for byte in UInt8.min...UInt8.max {
          var changed = name + tail
          changed[place] = byte
          let found = KnownFieldTable.shared.field(changed.span, 0, name.count)
          #expect((found == field) == (ByteClass.lower(byte) == name[place]), "\(field) \(place) \(byte)")
        }
      }
    }
  }

  /// A name that isn't a token is refused, whatever it resembles.
  @Test(arguments: KnownField.allCases)
  func S_18_onlyTokensAreNames(field: KnownField) {
    let name = Array(field.rawValue.utf8)
    for place in name.indices {
      // What a careless fold could take for the letter, and a few that end lines and words.
      let near = [0x20, 0x40, 0x80].map { name[place] ^ UInt8($0) }
      for byte in near + [0x00, 0x0D, 0x20] where !ByteClass.isToken(byte) && byte != UInt8(ascii: ":") {
        var changed = name
        changed[place] = byte
        var lines = FieldLines(limits: Ours.limits)
        let line = changed + Array(": 1\r\n\r\n".utf8)
        #expect(throws: WireError.self, "\(field) \(place) \(byte)") { _ = try lines.next(line.span, at: 0) }
      }
    }
  }
}

@Suite struct ByteClassTests {
  @Test func lettersOfAWordBecomeLowerCase() {
    for byte in UInt8.min...UInt8.max {
      for place in 0..<8 {
        for others in [0x41, 0x5A, 0x5B, 0x40, 0x7F, 0x80, 0xC1, 0xDA, 0xFF] as [UInt8] {
          var bytes = [UInt8](repeating: others, count: 8)
          bytes[place] = byte
          let word = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
          let lowered = withUnsafeBytes(of: ByteClass.lower(word)) { Array($0) }
          #expect(lowered == bytes.map { ByteClass.lower($0) }, "\(bytes)")
        }
      }
    }
  }

  @Test func tokenCharactersAreThoseOfTheGrammar() {
    let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    for byte in UInt8.min...UInt8.max { #expect(ByteClass.isToken(byte) == tokens.contains(byte), "\(byte)") }
  }

  @Test func S_18_controlsAreFoundWhereverTheyStand() {
    var generator = SeededGenerator(fuzzSeed: 3)
    for round in 0..<CaseCount.of("S-18", reduced: 3000, full: 300_000) {
      // Long ones that are nearly all plain too: these are looked at in larger steps.
      let isLong = round % 2 == 1
      let length = Int.random(in: 0...(isLong ? 200 : 40), using: &generator)
      let bytes = (0..<length).map { _ in
        if isLong, Int.random(in: 0..<60, using: &generator) > 0 { return UInt8(ascii: "a") }
        return Int.random(in: 0..<12, using: &generator) == 0
          ? UInt8.random(in: 0...255, using: &generator)
          : [0x20, 0x7E, 0x80, 0xFF, 0x41].randomElement(using: &generator) ?? 0
      }
      let start = Int.random(in: 0...length, using: &generator)
      let naive = bytes.indices.first { $0 >= start && (bytes[$0] < 0x20 || bytes[$0] == 0x7F) } ?? length
      #expect(ByteClass.firstControl(in: bytes.span, from: start, to: length) == naive, "\(bytes) from \(start)")
    }
  }
}
