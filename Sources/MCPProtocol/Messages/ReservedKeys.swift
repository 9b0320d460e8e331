import StrictCoding

/// Finds keys that a careless reader would take for one of the protocol's own.
///
/// Some readers match keys without regard to case, or cut them at NUL; a second `Method` beside `method` would then
/// decide.
struct ReservedKeys: Sendable {
  private let names: [String]
  private let bytes: [[UInt8]]
  /// Which lengths a reserved name has: most keys have none of them.
  private let lengths: [Bool]

  init(_ names: [String]) {
    self.names = names
    bytes = names.map { Array($0.utf8) }
    let longest = bytes.map(\.count).max() ?? 0
    lengths = (0...longest).map { length in names.contains { $0.utf8.count == length } }
  }

  static let envelope = ReservedKeys(["jsonrpc", "id", "method", "params", "result", "error"])
  static let parameters = ReservedKeys([
    "_meta", "name", "uri", "arguments", "cursor", "protocolVersion", "capabilities", "clientInfo", "requestId",
    "progressToken", "progress", "requestState", "inputResponses", "taskId", "task", "level", "ref", "argument",
    "notifications",
  ])
  static let metadata = ReservedKeys(MetadataKey.all)

  /// Whether some key is not one of the reserved ones but folds to one.
  func areImitated(in object: JSONObjectView) -> Bool {
    // Closures that live no longer than the call; methods handed over by name would be kept on the heap.
    object.hasKey(usual: { isImitated(by: $0) }, unusual: { isImitated(by: $0) })
  }

  /// A key of ASCII. What isn't visible is folded like all that isn't ASCII.
  private func isImitated(by key: UnsafeBufferPointer<UInt8>) -> Bool {
    // Nearly every key of such a length is the name itself.
    let hasLength = key.count < lengths.count && lengths[key.count]
    if hasLength, isName(key) { return false }
    if key.contains(where: { $0 <= 0x20 || $0 == 0x7F }) { return isImitated(by: String(decoding: key, as: UTF8.self)) }
    guard hasLength else { return false }
    return bytes.contains { name in
      name.count == key.count
        && name.indices.allSatisfy { ASCIICase.lowercased(name[$0]) == ASCIICase.lowercased(key[$0]) }
    }
  }

  private func isName(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { names in
      for index in names.indices where names[index].count == key.count {
        if names[index].withUnsafeBufferPointer({ $0.holdsSame(as: key) }) { return true }
      }
      return false
    }
  }

  private func isImitated(by key: String) -> Bool {
    let isPlain = key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    let folded = isPlain ? key : Self.fold(key)
    guard let name = names.first(where: { ASCIICase.equal($0, folded) }) else { return false }
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
