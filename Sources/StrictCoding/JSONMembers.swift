/// Up to eight members of an object, found in one walk over its keys: a message is asked for several, again and again.
public struct JSONMembers: Sendable {
  /// Names to look for; a member is asked for by the place of its name.
  public struct Names: Sendable {
    fileprivate let names: [[UInt8]]

    /// Takes at most eight names; what is beyond is never found.
    public init(_ names: [String]) { self.names = names.prefix(8).map { Array($0.utf8) } }
  }

  private let view: JSONObjectView
  /// For each name one more than where its value stands; 0 where there is none.
  private var places = SIMD8<UInt32>(repeating: 0)

  fileprivate init(_ view: JSONObjectView, _ names: Names) {
    self.view = view
    view.forEachKey { note($0, at: $1, names) }
  }

  private mutating func note(_ key: UnsafeBufferPointer<UInt8>, at place: Int, _ names: Names) {
    names.names.withUnsafeBufferPointer { names in
      for index in names.indices where names[index].count == key.count {
        guard names[index].withUnsafeBufferPointer({ $0.holdsSame(as: key) }) else { continue }
        places[index] = UInt32(truncatingIfNeeded: place + 1)
        return
      }
    }
  }

  private func place(_ name: Int) -> Int? { places[name] == 0 ? nil : Int(places[name]) - 1 }

  /// Whether there is such a member.
  public func has(_ name: Int) -> Bool { places[name] != 0 }

  /// The member's value, built.
  public subscript(_ name: Int) -> JSONValue? { place(name).map { view.value(at: $0) } }

  /// Whether the member is `null`.
  public func isNull(_ name: Int) -> Bool { place(name).map { view.isNull(at: $0) } ?? false }

  /// Whether the member is this very text.
  public func isString(_ name: Int, _ text: String) -> Bool {
    place(name).map { view.isString(at: $0, text) } ?? false
  }

  /// Whether the member is a text of visible ASCII characters and blanks, written without escapes; `false` proves nothing.
  public func isPlainText(_ name: Int) -> Bool {
    place(name).map { view.isPlainText(at: $0) } ?? false
  }

  /// The member that is an object; `nil` for an absent one or another kind of value.
  public func object(_ name: Int) -> JSONObjectView? { place(name).flatMap { view.object(at: $0) } }
}

extension JSONObjectView {
  /// Finds some members in one walk over the keys.
  public func members(_ names: JSONMembers.Names) -> JSONMembers { JSONMembers(self, names) }
}
