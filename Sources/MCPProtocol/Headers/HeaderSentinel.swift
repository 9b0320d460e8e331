import StrictCoding

/// The form in which a header carries text that isn't plain ASCII: `=?base64?…?=` (MCP 2026-07-28, Streamable HTTP,
/// Value Encoding).
public enum HeaderSentinel {
  private static let prefix = Array("=?base64?".utf8)
  private static let suffix = Array("?=".utf8)

  /// Encodes text for `Mcp-Name` or `Mcp-Param-*`: as it is where that is safe, else in the sentinel form.
  public static func encode(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let padded = bytes.first.map(isBlank) == true || bytes.last.map(isBlank) == true
    let isMarked = bytes.starts(with: prefix) && bytes.suffix(2).elementsEqual(suffix)
    if !padded && !isMarked && bytes.allSatisfy(isFieldByte) { return text }
    return "=?base64?" + Base64.encode(bytes) + "?="
  }

  /// Decodes a header value, once.
  ///
  /// - Returns: The text, or nil where bytes are not allowed in a header or the sentinel doesn't hold canonical,
  ///   padded base64 of UTF-8.
  public static func decode(_ value: String) -> String? {
    guard value.withBytes({ $0.allSatisfy(isFieldByte) }) else { return nil }
    guard value.utf8.first == UInt8(ascii: "=") else { return value }
    let bytes = Array(value.utf8)
    guard bytes.starts(with: prefix), bytes.suffix(2).elementsEqual(suffix) else { return value }
    // `=?base64?=` starts and ends like a sentinel but has no room for both marks.
    guard bytes.count >= prefix.count + suffix.count else { return nil }
    guard let decoded = Base64.decode(bytes.dropFirst(prefix.count).dropLast(suffix.count)) else { return nil }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func isFieldByte(_ byte: UInt8) -> Bool {
    byte == 0x09 || (byte >= 0x20 && byte < 0x7F)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09
  }
}
