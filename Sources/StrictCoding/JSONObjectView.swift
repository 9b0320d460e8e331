/// A JSON object whose members are built when somebody asks for them: most of a message is only carried along.
public struct JSONObjectView: Sendable {
  private let tape: JSONTape
  private let index: Int

  /// Looks at an object that is built already.
  public init(_ object: JSONObject) { self.init(JSONTape(object), 0) }

  init(_ tape: JSONTape, _ index: Int) {
    self.tape = tape
    self.index = index
  }

  /// The whole object, built.
  public var tree: JSONObject { tape.tree ?? tape.object(index) }

  /// The value of a key, found bytewise.
  public subscript(_ key: String) -> JSONValue? { place(of: key).map { value(at: $0) } }

  /// Whether there is such a key.
  public func has(_ key: String) -> Bool { place(of: key) != nil }

  /// Whether a member is `null`.
  public func isNull(_ key: String) -> Bool { place(of: key).map { isNull(at: $0) } ?? false }

  /// Whether a member is this very text.
  public func isString(_ key: String, _ text: String) -> Bool { place(of: key).map { isString(at: $0, text) } ?? false }

  /// The member that is an object; nil for an absent key or another kind of value.
  public func object(_ key: String) -> JSONObjectView? { place(of: key).flatMap { object(at: $0) } }

  /// Whether some key, or a key of any object inside, holds a character beyond ASCII or was escaped; false proves that
  /// none does.
  public var mayHaveUnusualKeys: Bool { tape.hasUnusualKeys }

  /// Whether some key of this object satisfies a predicate.
  ///
  /// - Parameters:
  ///   - usual: Asked about keys of plain ASCII; the bytes are good for the call only.
  ///   - unusual: Asked about all others.
  public func hasKey(
    usual: (UnsafeBufferPointer<UInt8>) -> Bool, unusual: (String) -> Bool
  ) -> Bool {
    if let tree = tape.tree { return tree.keys.contains(where: unusual) }
    return tape.firstKey(of: index) { key in
      let entry = tape.entries[key]
      return entry.isVerbatim && entry.isASCII ? tape.withBytes(key, usual) : unusual(tape.string(key))
    } != nil
  }

  /// Calls a closure with each key and the place of its value.
  func forEachKey(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
    if let tree = tape.tree {
      for (index, member) in tree.members.enumerated() {
        var key = member.key
        key.withUTF8 { body($0, index) }
      }
      return
    }
    _ = tape.firstKey(of: index) { key in
      if tape.entries[key].isVerbatim {
        tape.withBytes(key) { body($0, key + 1) }
      } else {
        var text = tape.string(key)
        text.withUTF8 { body($0, key + 1) }
      }
      return false
    }
  }
}

/// Members by the place of their values, for whoever has found them already.
extension JSONObjectView {
  private func place(of key: String) -> Int? {
    if let tree = tape.tree { tree.index(of: key) } else { tape.value(of: key, in: index) }
  }

  func value(at place: Int) -> JSONValue {
    if let tree = tape.tree { tree.members[place].value } else { tape.value(place) }
  }

  func isNull(at place: Int) -> Bool {
    if let tree = tape.tree { tree.members[place].value.isNull } else { tape.entries[place].kind == .null }
  }

  func isString(at place: Int, _ text: String) -> Bool {
    if let tree = tape.tree { return tree.members[place].value.stringValue?.equalsBytewise(text) ?? false }
    return tape.entries[place].kind == .string && tape.isString(place, text)
  }

  /// Whether the value is a text of visible ASCII characters and blanks, written without escapes; `false` proves nothing.
  func isPlainText(at place: Int) -> Bool {
    guard tape.tree == nil else { return false }
    let entry = tape.entries[place]
    guard entry.kind == .string, entry.isVerbatim, entry.isASCII else { return false }
    return tape.withBytes(place) { $0.allSatisfy { $0 != 0x7F } }
  }

  func object(at place: Int) -> JSONObjectView? {
    if let tree = tape.tree { return tree.members[place].value.objectValue.map { JSONObjectView($0) } }
    return tape.entries[place].kind == .object ? JSONObjectView(tape, place) : nil
  }
}

extension JSONReader {
  /// Reads one JSON text that must be an object.
  ///
  /// - Parameters:
  ///   - bytes: The whole text.
  ///   - limits: Bounds on size and shape.
  /// - Returns: A view of the object, or nil where the text is another kind of value.
  /// - Throws: `JSONError` with the first thing that is wrong.
  public static func view(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONObjectView? {
    let tape = try JSONTape(reading: bytes, limits: limits)
    return tape.entries.first?.kind == .object ? JSONObjectView(tape, 0) : nil
  }
}
