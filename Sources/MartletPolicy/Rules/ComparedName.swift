import Foundation
import StrictCoding

/// A name as rules that refuse look at it: not as it came, but as a server may take it. One that looks names up without
/// regard to case or width, or trims them, finds `delete` by `DELETE`, `ＤＥＬＥＴＥ` and ` delete ` alike.
struct ComparedName {
  /// The longest name that is folded: 1 KiB. What is made of a name can be eleven times as long, and takes time.
  static let longestFolded = 1 << 10

  /// With ASCII letters in lower case.
  let lowered: [UInt8]
  /// In its compatibility form (NFKC) without case, outer blanks and what can't be seen; `nil` where that is `lowered`.
  let folded: [UInt8]?
  /// Whether nobody can tell what a server makes of it: some cut a name at a control character.
  let isInDoubt: Bool

  init(_ name: ByteString) {
    let bytes = name.bytes
    let (isPlain, isLower) = Self.survey(bytes)
    lowered = isLower ? bytes : ASCIICase.lowercased(bytes)
    if isPlain {
      (folded, isInDoubt) = (nil, false)
    } else if bytes.count <= Self.longestFolded, let text = String(validating: bytes, as: UTF8.self) {
      folded = Array(Self.trimmed(Self.folded(text)).utf8)
      isInDoubt = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    } else {
      (folded, isInDoubt) = (nil, true)
    }
  }

  /// A URI, whose escapes a server undoes (RFC 3986 §6.2.2). What it makes of `..`, of half an escape and of one behind
  /// an escape, nobody can tell.
  init(uri: ByteString) {
    let lowered = ASCIICase.lowercased(uri.bytes)
    let plain = PercentCoding.decode(bytes: uri.bytes)
    let name = ComparedName(plain.map { ByteString($0) } ?? uri)
    self.lowered = lowered
    folded = name.canonical == lowered ? nil : name.canonical
    isInDoubt = name.isInDoubt || plain.map(Self.holdsEscape) ?? true || Self.holdsDotSegment(name.canonical)
  }

  private static func holdsEscape(_ bytes: [UInt8]) -> Bool {
    bytes.indices.contains { index in
      bytes[index] == UInt8(ascii: "%") && bytes[index...].dropFirst().prefix(2).count == 2
        && bytes[index...].dropFirst().prefix(2).allSatisfy { Hex.value(of: $0) != nil }
    }
  }

  private static func holdsDotSegment(_ bytes: [UInt8]) -> Bool {
    bytes.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.contains {
      $0.count <= 2 && $0.allSatisfy { $0 == UInt8(ascii: ".") }
    }
  }

  /// The one name that stands for all that a server may take for the same.
  var canonical: [UInt8] { folded ?? lowered }

  /// Whether all is visible ASCII and inner blanks, as nearly every name is: of that there is nothing to be made but its
  /// lower case; and whether it is in lower case.
  private static func survey(_ bytes: [UInt8]) -> (isPlain: Bool, isLower: Bool) {
    var (isPlain, isLower) = (true, true)
    for byte in bytes {
      if byte < UInt8(ascii: " ") || byte > UInt8(ascii: "~") { isPlain = false }
      if byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") { isLower = false }
    }
    return (isPlain && bytes.first != UInt8(ascii: " ") && bytes.last != UInt8(ascii: " "), isLower)
  }

  static func isPlain(_ bytes: [UInt8]) -> Bool { survey(bytes).isPlain }

  /// Without case by way of the upper case, which `ı`, `ſ` and `ß` share with the letters that they are taken for.
  static func folded(_ text: String) -> String {
    var visible = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !isInvisible(scalar) { visible.append(scalar) }
    let upper = mapped(String(visible).precomposedStringWithCompatibilityMapping, \.uppercaseMapping)
    let folded = mapped(upper, \.lowercaseMapping).precomposedStringWithCompatibilityMapping
    // What is left of the dot of `İ`, which no letter takes up.
    return String(String.UnicodeScalarView(folded.unicodeScalars.filter { $0 != "\u{307}" }))
  }

  private static func mapped(_ text: String, _ mapping: KeyPath<Unicode.Scalar.Properties, String>) -> String {
    text.unicodeScalars.reduce(into: "") { $0 += $1.properties[keyPath: mapping] }
  }

  static func trimmed(_ text: String, leading: Bool = true, trailing: Bool = true) -> String {
    var rest = Substring(text).unicodeScalars
    while leading, rest.first?.properties.isWhitespace ?? false { rest.removeFirst() }
    while trailing, rest.last?.properties.isWhitespace ?? false { rest.removeLast() }
    return String(rest)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    // Blanks among the control characters are trimmed or kept, as others are.
    if properties.isWhitespace { return false }
    return properties.isDefaultIgnorableCodePoint || properties.generalCategory == .format
      || properties.generalCategory == .control
  }
}
