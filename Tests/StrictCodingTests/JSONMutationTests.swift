import Foundation
import MartletTestSupport
import StrictCoding
import Testing

/// Seeded corpora; long runs belong to the fuzz targets.
@Suite struct JSONMutationTests {
  static let seeds = [
    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","arguments":{"a":1.5e3,"b":-2}}}"#,
    #"[{"k":"\u00e9\ud83d\ude00"},[[],{}],null,true,false,"é😀\n",0.0,-0,1E+2]"#,
    #"{"a":{"a":{"a":[1,2,{"a":"b","c":"\"\\\/"}]}},"b":""}"#,
    #""plain""#, "12345678901234567890",
  ]
  static let tokens = [
    "\"", "\\", "\\u", "\\ud800", "{", "}", "[", "]", ":", ",", "e", "-", ".", "0", "\"a\":1,", "\n",
  ]

  @Test(arguments: seeds.indices)
  func S_15_mutantsParseStably(index: Int) throws {
    var mutator = Mutator(seed: UInt64(index) + 1, tokens: Self.tokens)
    let seed = Array(Self.seeds[index].utf8)
    var accepted = 0
    for _ in 0..<CaseCount.of("S-15", reduced: 1500, full: 200_000) {
      let mutant = mutator.mutate(seed)
      guard let value = try? JSONReader.parse(mutant) else { continue }
      accepted += 1
      for pretty in [false, true] {
        let written = JSONWriter.write(value, pretty: pretty)
        #expect(try JSONReader.parse(written) == value, "seed \(index): \(mutant)")
      }
    }
    #expect(accepted > 20)
  }

  /// Whatever ours accepts, Foundation accepts, and sees the same.
  @Test(arguments: seeds.indices)
  func V_028_foundationAgreesWithWhatWasAccepted(index: Int) throws {
    var mutator = Mutator(seed: UInt64(index) + 100, tokens: Self.tokens)
    let seed = Array(Self.seeds[index].utf8)
    var compared = 0
    for _ in 0..<CaseCount.of("V-028", reduced: 600, full: 100_000) {
      let mutant = mutator.mutate(seed)
      guard let ours = try? JSONReader.parse(mutant) else { continue }
      // Numbers beyond double are refused there: not a difference in meaning.
      guard let theirs = try? JSONSerialization.jsonObject(with: Data(mutant), options: .fragmentsAllowed) else {
        #expect(holdsHugeNumber(ours), "\(String(decoding: mutant, as: UTF8.self))")
        continue
      }
      compared += 1
      #expect(agree(ours, theirs), "\(String(decoding: mutant, as: UTF8.self))")
    }
    #expect(compared > 20)
  }

  @Test func V_028_duplicatesAreAlwaysRefused() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<CaseCount.of("V-028", reduced: 1000, full: 100_000) {
      let count = Int.random(in: 1...40, using: &generator)
      let keys = (0..<count).map { "key\($0)é" }
      let again = keys.randomElement(using: &generator) ?? ""
      let escaped = again.unicodeScalars.map { scalar in
        Bool.random(using: &generator) ? "\\u" + String(scalar.value + 0x10000, radix: 16).suffix(4) : String(scalar)
      }.joined()
      var members = keys.map { "\"\($0)\":1" }
      members.insert("\"\(escaped)\":2", at: Int.random(in: 0...count, using: &generator))
      let text = "{\(members.joined(separator: ","))}"
      #expect(throws: JSONError.self) { try JSONReader.parse(string: text) }
    }
  }

  @Test func R_53_shapesAndSizes() throws {
    var generator = SeededGenerator(seed: 53)
    var durations: [Duration] = []
    for _ in 0..<CaseCount.of("R-53", reduced: 300, full: 100_000) {
      let text = Self.hostileText(&generator)
      durations.append(ThreadTime.measure { _ = try? JSONReader.parse(text) })
    }
    // The check asks for 20 ms in a release build; a debug build gets ten times that, of processor time.
    let p99 = durations.sorted()[durations.count * 99 / 100]
    #expect(p99 <= .milliseconds(200))
  }

  /// Deep, wide, long or numeric to excess, up to about 64 KiB, sometimes cut short.
  private static func hostileText(_ generator: inout SeededGenerator) -> [UInt8] {
    let size = 1 << Int.random(in: 0...12, using: &generator)
    let text =
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: String(repeating: "[", count: size) + String(repeating: "]", count: size)
      case 1: String(repeating: "{\"a\":", count: size) + "1" + String(repeating: "}", count: size)
      case 2: "{" + (0..<size).map { "\"\($0)\":\($0)" }.joined(separator: ",") + "}"
      case 3: "-" + String(repeating: "9", count: size) + "e" + String(repeating: "9", count: size % 700)
      case 4: "\"" + String(repeating: "\\u00e9\\ud83d\\ude00", count: size % 3000) + "\""
      default: "[" + String(repeating: "null,", count: size) + "0]"
      }
    let bytes = Array(text.utf8)
    let isCut = Int.random(in: 0..<4, using: &generator) == 0
    return isCut ? Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))) : bytes
  }

  private func holdsHugeNumber(_ value: JSONValue) -> Bool {
    switch value {
    case .number(let number): number.double == nil
    case .array(let elements): elements.contains(where: holdsHugeNumber)
    case .object(let object): object.members.contains { holdsHugeNumber($0.value) }
    default: false
    }
  }

  /// Foundation drops U+FEFF in front of a string and behind an escape; whoever decides by a name has to refuse it
  /// there.
  private func same(_ theirs: String, _ ours: String) -> Bool {
    theirs.unicodeScalars.filter { $0 != "\u{FEFF}" }.elementsEqual(ours.unicodeScalars.filter { $0 != "\u{FEFF}" })
  }

  private func agree(_ ours: JSONValue, _ theirs: Any) -> Bool {
    switch ours {
    case .null: return theirs is NSNull
    case .bool(let value): return (theirs as? NSNumber)?.boolValue == value
    case .number(let number):
      guard let other = theirs as? NSNumber else { return false }
      if number.isIntegerLiteral, let integer = number.int64 { return integer == other.int64Value }
      // It reads others as doubles, or as decimals whose way to a double rounds twice.
      let value = number.double ?? .infinity
      return abs(value - other.doubleValue) <= abs(value) * 1e-14
    case .string(let text): return (theirs as? String).map { same($0, text) } ?? false
    case .array(let elements):
      guard let others = theirs as? [Any], others.count == elements.count else { return false }
      return zip(elements, others).allSatisfy { agree($0, $1) }
    case .object(let object):
      // Canonically equivalent keys fall together there; the gateway's own names are ASCII.
      guard let others = theirs as? [String: Any] else { return false }
      if others.count != object.count { return !object.keys.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } } }
      return object.members.allSatisfy { member in
        others.contains { same($0.key, member.key) && agree(member.value, $0.value) }
      }
    }
  }
}
