import StrictCoding

/// Finds keys that a careless reader would take for one of the protocol's own.
///
/// Some readers match keys without regard to case, or cut them at NUL; a second `Method` beside `method` would then
/// decide.
struct ReservedKeys: Sendable {
  private let texts: [String]
  private let names: JSONMembers.Names
  /// Which lengths a reserved name has: most keys have none of them.
  private let lengths: [Bool]

  /// - Parameter texts: The names; where the first eight stand in an object is told.
  init(_ texts: [String]) {
    self.texts = texts
    names = JSONMembers.Names(texts)
    let longest = texts.map(\.utf8.count).max() ?? 0
    lengths = (0...longest).map { length in texts.contains { $0.utf8.count == length } }
  }

  static let envelope = ReservedKeys(["jsonrpc", "id", "method", "params", "result", "error"])
  static let parameters = ReservedKeys([
    "_meta", "name", "uri", "taskId", "arguments", "cursor", "protocolVersion", "capabilities", "clientInfo",
    "requestId", "progressToken", "progress", "requestState", "inputResponses", "task", "level", "ref", "argument",
    "notifications",
  ])
  static let metadata = ReservedKeys(MetadataKey.all)

  /// Under which a subscription names tasks.
  static let tasks = ReservedKeys(["taskId", "taskIds"])

  /// A name by its number.
  subscript(number: Int) -> String { texts[number] }

  /// Looks at every key of an object once.
  ///
  /// - Returns: Where the reserved ones stand, and whether some key is none of them but folds to one.
  func find(in object: JSONObjectView) -> (members: JSONMembers, isImitated: Bool) {
    var isImitated = false
    let members = object.members(names) { key, isPlain in
      if isImitated { return }
      isImitated = isPlain ? self.isImitated(by: key) : self.isImitated(by: String(decoding: key, as: UTF8.self))
    }
    return (members, isImitated)
  }

  /// Whether a key is one of the names, or folds to one.
  func isMeant(by key: String) -> Bool { texts.contains { $0.equalsBytewise(key) } || isImitated(by: key) }

  /// A key of ASCII. What isn't visible is folded like all that isn't ASCII.
  private func isImitated(by key: UnsafeBufferPointer<UInt8>) -> Bool {
    if key.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { return isImitated(by: String(decoding: key, as: UTF8.self)) }
    guard key.count < lengths.count, lengths[key.count] else { return false }
    return isImitated(by: String(decoding: key, as: UTF8.self))
  }

  private func isImitated(by key: String) -> Bool {
    let isPlain = key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    let folded = isPlain ? key : Self.fold(key)
    guard let name = texts.first(where: { ASCIICase.equal($0, folded) }) else { return false }
    return !name.equalsBytewise(key)
  }

  /// Maps full width, long s, Kelvin sign and the like to plain letters and drops what can't be seen.
  private static func fold(_ key: String) -> String {
    var output = String.UnicodeScalarView()
    for scalar in key.unicodeScalars {
      if scalar.value <= 0x20 || (scalar.value >= 0x7F && scalar.value <= 0xA0) { continue }
      if scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.isWhitespace { continue }
      var plain = scalar
      if (0xFF01...0xFF5E).contains(scalar.value), let narrow = Unicode.Scalar(scalar.value - 0xFEE0) { plain = narrow }
      // Upper case first: `ſ` and `ı` have no lower-case mapping of their own. Then lower: the Kelvin sign is upper
      // case.
      for upper in plain.properties.uppercaseMapping.unicodeScalars {
        for lower in upper.properties.lowercaseMapping.unicodeScalars where !isMark(lower) { output.append(lower) }
      }
    }
    return String(output)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .nonspacingMark
  }
}
