/// A text or byte identifier that is compared and hashed byte by byte.
///
/// Swift's `String` compares by canonical equivalence, so two different identifiers can be equal as strings; they
/// never are as `ByteString`s. Comparison is not constant-time: secrets are compared by digest.
public struct ByteString: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The bytes, exactly as given.
  public let bytes: [UInt8]

  /// Wraps bytes as they are, valid UTF-8 or not.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Wraps the UTF-8 form of a string, without normalising it.
  public init(_ string: String) {
    self.bytes = Array(string.utf8)
  }

  /// Wraps a literal.
  public init(stringLiteral value: String) {
    self.init(value)
  }

  /// The text for display; invalid UTF-8 is repaired, so never compare it.
  public var string: String {
    String(decoding: bytes, as: UTF8.self)
  }

  /// The text, or nil where the bytes are not valid UTF-8.
  public var validatedString: String? {
    String(validating: bytes, as: UTF8.self)
  }

  /// Same as ``string``.
  public var description: String { string }

  /// Hashes all bytes in one piece: the form that the compiler makes hands them over one by one.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(bytes.count)
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }

  /// Orders by the first differing byte, then by length.
  public static func < (lhs: ByteString, rhs: ByteString) -> Bool {
    lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
  }
}
