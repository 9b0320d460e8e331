import StrictCoding

/// What one argument of a call must be like.
public struct ArgumentCondition: Sendable {
  /// The demand.
  public enum Test: Sendable {
    /// It is one of these values.
    case oneOf([JSONValue])
    /// It is a text that fits one of these patterns.
    case like([NamePattern])
    /// It is a number not above this one.
    case atMost(Double)
    /// It is a number not below this one.
    case atLeast(Double)
    /// It is there, or isn't.
    case present(Bool)
    /// It is a text of which this is true, or a list of such texts; nothing is answered where nobody can tell.
    case text(@Sendable (String) -> Bool?)
  }

  /// The keys that lead to it.
  public let path: [String]
  /// The demand.
  public let test: Test
  /// Whether the opposite is demanded.
  public let isNegated: Bool

  /// Describes a condition.
  public init(path: [String], test: Test, isNegated: Bool = false) {
    self.path = path
    self.test = test
    self.isNegated = isNegated
  }

  /// Whether it holds; `nil` where nobody can tell: the server may read a value of another kind as it likes, and put in
  /// what was left out.
  func holds(for arguments: JSONObject?) -> Bool? {
    var value: JSONValue? = arguments.map { .object($0) }
    for key in path { value = value?[key] }
    if case .present(let isPresent) = test { return (value != nil) == isPresent }
    guard let value, let answer = answer(value) else {
      // What isn't there is none of the values; whether it is another one is the server's business.
      return value == nil && !isNegated ? false : nil
    }
    return answer != isNegated
  }

  private func answer(_ value: JSONValue) -> Bool? {
    switch test {
    case .oneOf(let values):
      if values.contains(where: { Self.isSame($0, value) }) { return true }
      return values.contains { Self.isSameKind($0, value) } ? false : nil
    case .like(let patterns):
      return value.stringValue.map { text in patterns.contains { $0.matches(ByteString(text)) } }
    case .atMost(let limit): return value.numberValue?.double.map { $0 <= limit }
    case .atLeast(let limit): return value.numberValue?.double.map { $0 >= limit }
    case .present: return true
    case .text(let isTrue): return Self.answer(value, isTrue)
    }
  }

  /// Of a list all must agree: of one that doesn't, and of an empty one, nobody can tell which the server will take.
  private static func answer(_ value: JSONValue, _ isTrue: (String) -> Bool?) -> Bool? {
    guard case .array(let values) = value else { return value.stringValue.flatMap(isTrue) }
    let answers = values.map { $0.stringValue.flatMap(isTrue) }
    guard let first = answers.first, answers.allSatisfy({ $0 == first }) else { return nil }
    return first
  }

  private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    if let left = left.numberValue, let right = right.numberValue {
      if let left = left.int64, let right = right.int64 { return left == right }
      return left.double != nil && left.double == right.double
    }
    return left == right
  }

  private static func isSameKind(_ left: JSONValue, _ right: JSONValue) -> Bool {
    switch (left, right) {
    case (.null, .null), (.bool, .bool), (.number, .number), (.string, .string): true
    default: false
    }
  }
}
