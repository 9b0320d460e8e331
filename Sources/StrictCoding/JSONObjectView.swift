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

  /// The object, built of those members whose key a closure wants.
  public func tree(where isWanted: (UnsafeBufferPointer<UInt8>) -> Bool) -> JSONObject {
    var members: [(key: String, value: JSONValue)] = []
    forEachKey { key, _, place in
      if isWanted(key), let value = value(at: place) { members.append((String(decoding: key, as: UTF8.self), value)) }
    }
    return JSONObject(distinct: members)
  }

  /// The value of a key, found bytewise.
  public subscript(_ key: String) -> JSONValue? { value(at: place(of: key)) }

  /// The member that is an object; nil for an absent key or another kind of value.
  public func object(_ key: String) -> JSONObjectView? { object(at: place(of: key)) }

  /// Whether some key, or a key of any object inside, holds a character beyond ASCII or was escaped; false proves that
  /// none does.
  public var mayHaveUnusualKeys: Bool { tape.hasUnusualKeys }

  private func place(of key: String) -> Int? {
    if let tree = tape.tree { tree.index(of: key) } else { tape.value(of: key, in: index) }
  }

  /// Calls a closure with each key, whether it is plain ASCII written without escapes, and the place of its value. What
  /// isn't known to be plain isn't called so.
  func forEachKey(_ body: (UnsafeBufferPointer<UInt8>, _ isPlain: Bool, _ place: Int) -> Void) {
    guard let tree = tape.tree else { return tape.forEachKey(of: index, body) }
    for (index, member) in tree.members.enumerated() { member.key.withBytes { body($0, false, index) } }
  }
}

/// Members by the place of their values in this very object, for whoever has found them already: see ``JSONMembers``. No
/// place stands for an absent member.
extension JSONObjectView {
  /// The value, built.
  public func value(at place: Int?) -> JSONValue? {
    guard let place else { return nil }
    return if let tree = tape.tree { tree.members[place].value } else { tape.value(place) }
  }

  /// The text; `nil` for another kind of value.
  public func text(at place: Int?) -> String? {
    guard let place else { return nil }
    if let tree = tape.tree { return tree.members[place].value.stringValue }
    return tape.entries[place].kind == .string ? tape.string(place) : nil
  }

  /// Whether it is a text.
  public func isText(at place: Int?) -> Bool {
    guard let place else { return false }
    if let tree = tape.tree { return tree.members[place].value.stringValue != nil }
    return tape.entries[place].kind == .string
  }

  /// Whether it is `null`.
  public func isNull(at place: Int?) -> Bool {
    guard let place else { return false }
    return if let tree = tape.tree { tree.members[place].value.isNull } else { tape.entries[place].kind == .null }
  }

  /// Whether it is this very text.
  public func isString(at place: Int?, _ text: String) -> Bool {
    guard let place else { return false }
    if let tree = tape.tree { return tree.members[place].value.stringValue?.equalsBytewise(text) ?? false }
    return tape.entries[place].kind == .string && tape.isString(place, text)
  }

  /// Whether it is a text of visible ASCII characters and blanks, written without escapes; `false` proves nothing.
  public func isPlainText(at place: Int?) -> Bool {
    guard let place, tape.tree == nil else { return false }
    let entry = tape.entries[place]
    guard entry.kind == .string, entry.isVerbatim, entry.isASCII else { return false }
    return tape.withBytes(place) { $0.allSatisfy { $0 != 0x7F } }
  }

  /// Whether it is an object.
  public func isObject(at place: Int?) -> Bool {
    guard let place else { return false }
    if let tree = tape.tree { return tree.members[place].value.objectValue != nil }
    return tape.entries[place].kind == .object
  }

  /// The object; `nil` for another kind of value.
  public func object(at place: Int?) -> JSONObjectView? {
    guard let place else { return nil }
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
