/// Where known members of an object stand, found in one walk over its keys: a message is asked for several, again and
/// again. The places are good for the view they were found in.
public struct JSONMembers: Sendable {
  /// Names to look for; the first eight can be asked for by their number.
  public struct Names: Sendable {
    fileprivate let names: [[UInt8]]

    /// Takes names.
    public init(_ names: [String]) { self.names = names.map { Array($0.utf8) } }

    fileprivate func number(of key: UnsafeBufferPointer<UInt8>) -> Int? {
      names.withUnsafeBufferPointer { names in
        for number in names.indices where names[number].count == key.count {
          if names[number].withUnsafeBufferPointer({ $0.holdsSame(as: key) }) { return number }
        }
        return nil
      }
    }
  }

  /// For each name one more than where its value stands; 0 where there is none.
  private var places = SIMD8<UInt32>(repeating: 0)

  /// None of them.
  public init() {}

  /// Where the value of a name stands; `nil` where there is none.
  public fileprivate(set) subscript(_ name: Int) -> Int? {
    get { places[name] == 0 ? nil : Int(places[name]) - 1 }
    set { if name < places.scalarCount { places[name] = UInt32(truncatingIfNeeded: (newValue ?? -1) + 1) } }
  }
}

extension JSONObjectView {
  /// Finds members by their names.
  ///
  /// - Parameters:
  ///   - names: What to look for.
  ///   - others: Is shown every other key, and whether it is plain ASCII written without escapes; the bytes are good for
  ///     the call only.
  public func members(
    _ names: JSONMembers.Names, others: (UnsafeBufferPointer<UInt8>, _ isPlain: Bool) -> Void = { _, _ in }
  ) -> JSONMembers {
    var members = JSONMembers()
    forEachKey { key, isPlain, place in
      if let number = names.number(of: key) { members[number] = place } else { others(key, isPlain) }
    }
    return members
  }
}
