/// A JSON object: members in their order, keys compared bytewise.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// The members in order; what ``JSONReader`` makes never has a key twice.
  public private(set) var members: [(key: String, value: JSONValue)]

  /// An empty object.
  public init() {
    members = []
  }

  /// Makes an object of pairs; a later pair replaces an earlier one of the same key.
  public init(_ pairs: some Sequence<(key: String, value: JSONValue)>) {
    members = []
    for pair in pairs { self[pair.key] = pair.value }
  }

  /// Makes an object of a literal; a later pair replaces an earlier one of the same key.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = []
    for (key, value) in elements { self[key] = value }
  }

  /// Takes members whose keys were proven distinct.
  init(distinct members: [(key: String, value: JSONValue)]) {
    self.members = members
  }

  /// How many members there are.
  public var count: Int { members.count }

  /// Whether there is no member.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys, in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key, found bytewise; setting appends or replaces in place, setting nil removes.
  public subscript(_ key: String) -> JSONValue? {
    get {
      index(of: key).map { members[$0].value }
    }
    set {
      switch (index(of: key), newValue) {
      case (.some(let index), .some(let value)): members[index].value = value
      case (.some(let index), nil): members.remove(at: index)
      case (nil, .some(let value)): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  /// Equal where both have the same keys with equal values, in any order.
  public static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
    guard lhs.count == rhs.count else { return false }
    let aligned = zip(lhs.members, rhs.members).allSatisfy { $0.key.equalsBytewise($1.key) }
    if aligned { return zip(lhs.members, rhs.members).allSatisfy { $0.value == $1.value } }
    let other = Dictionary(rhs.members.map { (ByteString($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    return lhs.members.allSatisfy { other[ByteString($0.key)] == $0.value }
  }

  func index(of key: String) -> Int? {
    // By place, not by a closure: that would be given a copy of each value.
    let length = key.utf8.count
    for index in members.indices where members[index].key.utf8.count == length {
      if members[index].key.equalsBytewise(key) { return index }
    }
    return nil
  }
}
