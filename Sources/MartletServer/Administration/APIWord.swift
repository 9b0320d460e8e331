import MartletDomain
import MartletIdentity
import StrictCoding

/// What a text of the admin API must look like: the pattern that documents it, and the check that means the same.
struct APIWord: Sendable {
  private let pattern: String
  private let length: ClosedRange<Int>
  private let isMade: @Sendable (String) -> Bool

  /// A login name.
  static let login = APIWord("^[A-Za-z0-9._@-]+$", 1...64) { LoginName($0) != nil }
  /// A tenant.
  static let tenant = APIWord("^[A-Za-z0-9._-]+$", 1...64) { TenantName.isValid($0) }
  /// A key's name: not dots alone, which a path would lose.
  static let keyName = APIWord("^\\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$", 1...64) { KeyName.isValid($0) }
  /// A digest of SHA-256.
  static let digest = APIWord("^[0-9A-Fa-f]+$", 64...64) { Hex.decode($0) != nil }
  /// An address, or a range of them; whether it is one, only arithmetic tells.
  static let address = APIWord("^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$", 2...49) { text in
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let host = parts.first, (2...45).contains(host.count), parts.count <= 2 else { return false }
    return host.allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
      && parts.dropFirst().allSatisfy { (1...3).contains($0.count) && $0.allSatisfy(isDigit) }
  }
  /// Where a list goes on.
  static let cursor = APIWord("^[A-Za-z0-9_-]+$", 40...512) { text in
    text.utf8.allSatisfy {
      isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  /// Visible ASCII, as credentials are.
  static func visible(_ limit: Int) -> APIWord {
    APIWord("^[\\x21-\\x7E]+$", 1...limit) { text in text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
  }

  /// Some of these words, with commas between them.
  static func some(of words: [String]) -> APIWord {
    let one = "(" + words.joined(separator: "|") + ")"
    return APIWord("^\(one)(,\(one)){0,\(words.count - 1)}$", 1...64) { text in
      let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      return parts.count <= words.count
        && parts.allSatisfy { part in words.contains { $0.utf8.elementsEqual(part) } }
    }
  }

  /// A duration in whole seconds, minutes, hours or days, without zeros before it.
  static func duration(_ range: ClosedRange<Duration>) -> APIWord {
    let least: Int64 = range.lowerBound == .zero ? 0 : 1
    let longest = range.upperBound.components.seconds
    let units: [(name: String, seconds: Int64)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
    let ways = units.map { "(\(NumberPattern.numbers(least...(longest / $0.seconds))))\($0.name)" }
    return APIWord("^(\(ways.joined(separator: "|")))$", 2...10) { text in
      let digits = text.utf8.prefix(while: isDigit)
      guard digits.count + 1 == text.utf8.count, digits.count == 1 || digits.first != UInt8(ascii: "0"),
        let duration = DurationText.parse(text)
      else { return false }
      return duration <= range.upperBound && (least == 0 || duration > .zero)
    }
  }

  private init(_ pattern: String, _ length: ClosedRange<Int>, isMade: @escaping @Sendable (String) -> Bool) {
    self.pattern = pattern
    self.length = length
    self.isMade = isMade
  }

  /// In JSON Schema (2020-12).
  var schema: JSONObject {
    [
      "type": "string", "pattern": .string(pattern), "minLength": .integer(Int64(length.lowerBound)),
      "maxLength": .integer(Int64(length.upperBound)),
    ]
  }

  /// Whether a text is one.
  func accepts(_ text: String) -> Bool { length.contains(text.unicodeScalars.count) && isMade(text) }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(ASCIICase.lowercased(byte)) }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x61...0x66).contains(ASCIICase.lowercased(byte))
  }
}
