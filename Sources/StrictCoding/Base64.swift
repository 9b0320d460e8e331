/// Base64 with the standard alphabet and padding (RFC 4648 §4), as Basic authentication and MCP's header sentinel use
/// it.
public enum Base64 {
  /// Encodes bytes with padding.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Base64Alphabet.standard.encode(Array(bytes), padded: true)
  }

  /// Decodes the one canonical, padded form: no white space, no missing padding, no pad bits.
  ///
  /// - Returns: The bytes, or nil where re-encoding them would not give the input back.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    decode(Array(text.utf8))
  }

  /// Decodes the one canonical, padded form from its ASCII bytes.
  ///
  /// - Returns: The bytes, or nil where re-encoding them would not give the input back.
  public static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
    let input = Array(bytes)
    guard input.count % 4 == 0 else { return nil }
    let padding = input.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard let output = Base64Alphabet.standard.decode(input.dropLast(padding)) else { return nil }
    return (output.count * 2) % 3 == padding || padding == 0 ? output : nil
  }
}
