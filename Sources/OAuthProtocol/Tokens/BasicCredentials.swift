import StrictCoding

/// User and password of HTTP Basic in both readings that real clients mean.
///
/// RFC 6749 §2.3.1 wants client id and secret form-encoded before they are joined; the Python SDK does that, the
/// TypeScript SDK does not (protocol.md §7.9). A caller tries the decoded reading first, then the raw one.
///
/// Conforms to: RFC 7617 §2; RFC 6749 §2.3.1.
public struct BasicCredentials: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// One way to read the credentials.
  public struct Reading: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// The user, which is a client id at the token endpoint.
    public let user: ByteString
    /// The password, which is a client secret at the token endpoint.
    public let password: ByteString

    /// `‹redacted›`.
    public var description: String { "‹redacted›" }

    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
  }

  /// The bytes as they stood on both sides of the first colon.
  public let raw: Reading
  /// Both sides form-decoded; nil if either is not well-formed that way.
  public let decoded: Reading?

  /// The readings to try, without a duplicate.
  public var readings: [Reading] {
    guard let decoded, decoded != raw else { return [raw] }
    return [decoded, raw]
  }

  /// Reads the part after `Basic `.
  ///
  /// - Returns: Nil unless it is canonical base64 of printable UTF-8 with a colon and a user before it.
  init?(encoded: some Collection<UInt8>) {
    guard let bytes = Base64.decode(ASCII.string(encoded)) else { return nil }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), String(validating: bytes, as: UTF8.self) != nil else {
      return nil
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
    let user = Array(bytes[..<colon])
    let password = Array(bytes[(colon + 1)...])
    raw = Reading(user: ByteString(user), password: ByteString(password))
    if let user = Self.formDecoded(user), let password = Self.formDecoded(password) {
      decoded = Reading(user: ByteString(user), password: ByteString(password))
    } else {
      decoded = nil
    }
  }

  /// `‹redacted›`.
  public var description: String { "‹redacted›" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }

  private static func formDecoded(_ bytes: [UInt8]) -> [UInt8]? {
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "%") else {
        index += 1
        continue
      }
      guard index + 2 < bytes.count, ASCII.hexValue(bytes[index + 1]) != nil, ASCII.hexValue(bytes[index + 2]) != nil
      else { return nil }
      index += 3
    }
    let spaced = bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
    return PathSegments.decode(spaced)
  }
}
