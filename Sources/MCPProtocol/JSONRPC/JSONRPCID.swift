import StrictCoding

/// The id of a JSON-RPC message: a string, an exact integer, or null where an error answers what couldn't be read.
///
/// `1.0`, `1e3`, integers beyond 64 bits and U+FEFF are refused: not everyone would give the same id back.
/// Strings are compared bytewise. Conforms to: JSON-RPC 2.0 §4; MCP 2026-07-28 Basic, Requests.
public enum JSONRPCID: Sendable, Hashable, CustomStringConvertible {
  /// A string of at most ``maximumBytes`` bytes.
  case string(String)
  /// An integer.
  case number(Int64)
  /// No id; only in error responses.
  case null

  /// How many bytes a string id may have.
  public static let maximumBytes = 1024

  /// Reads the id of a request: never null, never a fraction.
  public init?(request value: JSONValue?) {
    switch value {
    case .string(let text)
    where text.utf8.count <= Self.maximumBytes && !text.unicodeScalars.contains("\u{FEFF}"):
      self = .string(text)
    case .number(let number):
      guard number.isIntegerLiteral, let integer = number.int64 else { return nil }
      self = .number(integer)
    default: return nil
    }
  }

  /// The id as JSON.
  public var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .number(let integer): .integer(integer)
    case .null: .null
    }
  }

  /// The id for display; not fit for comparing.
  public var description: String {
    switch self {
    case .string(let text): PlainText.sanitized(text, limit: 64)
    case .number(let integer): String(integer)
    case .null: "null"
    }
  }

  /// Compares bytewise; `1` and `"1"` differ.
  public static func == (lhs: JSONRPCID, rhs: JSONRPCID) -> Bool {
    switch (lhs, rhs) {
    case (.string(let left), .string(let right)): left.equalsBytewise(right)
    case (.number(let left), .number(let right)): left == right
    case (.null, .null): true
    default: false
    }
  }

  /// Hashes what ``==(_:_:)`` compares.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .string(let text): hasher.combine(ByteString(text))
    case .number(let integer): hasher.combine(integer)
    case .null: hasher.combine(0 as UInt8)
    }
  }
}
