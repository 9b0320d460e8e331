/// Base64 with the URL-safe alphabet and no padding (RFC 4648 §5, RFC 7515 §2).
public enum Base64URL {
  /// Encodes bytes without padding.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    Base64Alphabet.urlSafe.encode(Array(bytes), padded: false)
  }

  /// Decodes the one canonical form: no padding, no white space, no pad bits (one value has exactly one text).
  ///
  /// - Returns: The bytes, or nil where re-encoding them would not give the input back.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    Base64Alphabet.urlSafe.decode(Array(text.utf8)[...])
  }

  /// Decodes the one canonical form from its ASCII bytes.
  ///
  /// - Returns: The bytes, or nil where re-encoding them would not give the input back.
  public static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    Base64Alphabet.urlSafe.decode(bytes)
  }

  /// Decodes the one canonical form from its ASCII bytes.
  ///
  /// - Returns: The bytes, or nil where re-encoding them would not give the input back.
  public static func decode(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
    Base64Alphabet.urlSafe.decode(Array(bytes)[...])
  }
}
