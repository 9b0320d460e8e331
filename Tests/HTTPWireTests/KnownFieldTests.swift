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
}

@Suite struct ByteClassTests {
  @Test func tokenCharactersAreThoseOfTheGrammar() {
    let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    for byte in UInt8.min...UInt8.max { #expect(ByteClass.isToken(byte) == tokens.contains(byte), "\(byte)") }
  }

  @Test func controlsAreFoundWhereverTheyStand() {
    var generator = SeededGenerator(fuzzSeed: 3)
    for _ in 0..<CaseCount.of("S-18", reduced: 3000, full: 300_000) {
      let length = Int.random(in: 0...40, using: &generator)
      let bytes = (0..<length).map { _ in
        Int.random(in: 0..<12, using: &generator) == 0
          ? UInt8.random(in: 0...255, using: &generator)
          : [0x20, 0x7E, 0x80, 0xFF, 0x41].randomElement(using: &generator) ?? 0
      }
      let start = Int.random(in: 0...length, using: &generator)
      let naive = bytes.indices.first { $0 >= start && (bytes[$0] < 0x20 || bytes[$0] == 0x7F) } ?? length
      #expect(ByteClass.firstControl(in: bytes.span, from: start, to: length) == naive, "\(bytes) from \(start)")
    }
  }
}
