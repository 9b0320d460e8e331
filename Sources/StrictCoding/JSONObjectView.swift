/// A JSON object whose members are built when somebody asks for them: most of a message is only carried along.
public struct JSONObjectView: Sendable {
  enum Backing: Sendable {
    case tree(JSONObject)
    case tape(JSONTape, Int)
  }

  let backing: Backing

  /// Looks at an object that is built already.
  public init(_ object: JSONObject) { backing = .tree(object) }

  init(_ tape: JSONTape, _ index: Int) { backing = .tape(tape, index) }

  /// The whole object, built.
  public var tree: JSONObject {
    switch backing {
    case .tree(let object): object
    case .tape(let tape, let index): tape.object(index)
    }
  }

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
  public var mayHaveUnusualKeys: Bool {
    if case .tape(let tape, _) = backing { tape.hasUnusualKeys } else { true }
  }

  /// Whether some key of this object satisfies a predicate.
  ///
  /// - Parameters:
  ///   - usual: Asked about keys of plain ASCII; the bytes are good for the call only.
  ///   - unusual: Asked about all others.
  public func hasKey(
    usual: (UnsafeBufferPointer<UInt8>) -> Bool, unusual: (String) -> Bool
  ) -> Bool {
    switch backing {
    case .tree(let object): object.keys.contains(where: unusual)
    case .tape(let tape, let index):
      tape.firstKey(of: index) { key in
        let entry = tape.entries[key]
        return entry.isVerbatim && entry.isASCII ? tape.withBytes(key, usual) : unusual(tape.string(key))
      } != nil
    }
  }
}

/// Members by the place of their values, for whoever has found them already.
extension JSONObjectView {
  private func place(of key: String) -> Int? {
    switch backing {
    case .tree(let object): object.index(of: key)
    case .tape(let tape, let index): tape.value(of: key, in: index)
    }
  }

  func value(at place: Int) -> JSONValue {
    switch backing {
    case .tree(let object): object.members[place].value
    case .tape(let tape, _): tape.value(place)
    }
  }

  func isNull(at place: Int) -> Bool {
    switch backing {
    case .tree(let object): object.members[place].value.isNull
    case .tape(let tape, _): tape.entries[place].kind == .null
    }
  }

  func isString(at place: Int, _ text: String) -> Bool {
    switch backing {
    case .tree(let object): object.members[place].value.stringValue?.equalsBytewise(text) ?? false
    case .tape(let tape, _): tape.entries[place].kind == .string && tape.isString(place, text)
    }
  }

  func object(at place: Int) -> JSONObjectView? {
    switch backing {
    case .tree(let object): object.members[place].value.objectValue.map { JSONObjectView($0) }
    case .tape(let tape, _): tape.entries[place].kind == .object ? JSONObjectView(tape, place) : nil
    }
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
