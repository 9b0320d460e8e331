import StrictCoding

/// Finds keys that a careless reader would take for one of the protocol's own.
///
/// Some readers match keys without regard to case, or cut them at NUL; a second `Method` beside `method` would then
/// decide.
struct ReservedKeys: Sendable {
  private let names: [String]

  init(_ names: [String]) {
    self.names = names
  }

  static let envelope = ReservedKeys(["jsonrpc", "id", "method", "params", "result", "error"])
  static let parameters = ReservedKeys([
    "_meta", "name", "uri", "arguments", "cursor", "protocolVersion", "capabilities", "clientInfo", "requestId",
    "progressToken", "progress", "requestState", "inputResponses", "taskId", "task", "level", "ref", "argument",
    "notifications",
  ])
  static let metadata = ReservedKeys(MetadataKey.all)

  /// Whether some key is not one of the reserved ones but folds to one.
  func areImitated(in object: JSONObject) -> Bool {
    object.members.contains { isImitated(by: $0.key) }
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
