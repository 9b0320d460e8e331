/// Scope tokens in the order they were named, each once.
///
/// Tokens are ASCII by construction, so that comparing them as strings compares bytes. At most 256 tokens of at most
/// 256 bytes are kept.
///
/// Conforms to: RFC 6749 §3.3.
public struct ScopeSet: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
  /// The tokens in order.
  public private(set) var tokens: [String] = []

  /// No scope.
  public init() {}

  /// Takes the valid tokens of a list; others are dropped.
  public init(_ tokens: some Sequence<String>) {
    for token in tokens { insert(token) }
  }

  /// Takes the valid tokens of a list; others are dropped.
  public init(arrayLiteral elements: String...) { self.init(elements) }

  /// Splits a `scope` value. Surplus spaces and malformed tokens are dropped, not refused (protocol.md A3).
  ///
  /// - Parameter string: The value as it came; nil gives the empty set.
  public init(tolerant string: String?) {
    guard let string else { return }
    // Bounded before splitting: a hostile megabyte of spaces costs one pass over 64 KiB.
    for part in string.utf8.prefix(65_536).split(separator: UInt8(ascii: " ")) {
      insert(String(decoding: part, as: UTF8.self))
    }
  }

  /// True if there is no scope.
  public var isEmpty: Bool { tokens.isEmpty }

  /// How many tokens there are.
  public var count: Int { tokens.count }

  /// The wire form, tokens joined by one space.
  public var string: String { tokens.joined(separator: " ") }

  /// The wire form.
  public var description: String { string }

  /// True if the token is in the set.
  public func contains(_ token: String) -> Bool { Self.isValid(token) && tokens.contains(token) }

  /// This set's tokens, then those of the other that are new.
  public func union(_ other: ScopeSet) -> ScopeSet { ScopeSet(tokens + other.tokens) }

  /// This set's tokens that the other has too, in this set's order.
  public func intersection(_ other: ScopeSet) -> ScopeSet { ScopeSet(tokens.filter(other.contains)) }

  /// This set's tokens that the other has not.
  public func subtracting(_ other: ScopeSet) -> ScopeSet { ScopeSet(tokens.filter { !other.contains($0) }) }

  /// True if the other set has every token of this one.
  public func isSubset(of other: ScopeSet) -> Bool { tokens.allSatisfy(other.contains) }

  /// True for a non-empty run of `%x21 / %x23-5B / %x5D-7E`, at most 256 bytes.
  public static func isValid(_ token: String) -> Bool {
    let bytes = token.utf8
    guard !bytes.isEmpty, bytes.count <= 256 else { return false }
    return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
  }

  private mutating func insert(_ token: String) {
    guard tokens.count < 256, Self.isValid(token), !tokens.contains(token) else { return }
    tokens.append(token)
  }
}
