/// ASCII-only case folding: `ſ` and the Kelvin sign never become `s` and `k`.
public enum ASCIICase {
  /// The byte with `A`–`Z` made lower-case; any other byte is returned as it is.
  @inlinable
  public static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }

  /// The bytes with `A`–`Z` made lower-case and every other byte kept.
  @inlinable
  public static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    bytes.map { lowercased($0) }
  }

  /// The text with `A`–`Z` made lower-case and every other byte kept.
  public static func lowercased(_ text: some StringProtocol) -> String {
    String(decoding: text.utf8.lazy.map { lowercased($0) }, as: UTF8.self)
  }

  /// The text with `A`–`Z` made lower-case and every other byte kept.
  public static func lowercased(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.contains(where: { $0 >= 0x41 && $0 <= 0x5A }) else { return nil as String? }
      return String(unsafeUninitializedCapacity: bytes.count) { output in
        for (index, byte) in bytes.enumerated() { output[index] = lowercased(byte) }
        return bytes.count
      }
    } ?? text
  }

  /// Whether both texts have the same bytes but for the case of ASCII letters.
  public static func equal(_ lhs: some StringProtocol, _ rhs: some StringProtocol) -> Bool {
    lhs.utf8.count == rhs.utf8.count && lhs.utf8.elementsEqual(rhs.utf8) { lowercased($0) == lowercased($1) }
  }

  /// Whether both texts have the same bytes but for the case of ASCII letters.
  public static func equal(_ lhs: String, _ rhs: String) -> Bool {
    guard lhs.utf8.count == rhs.utf8.count else { return false }
    var (left, right) = (lhs, rhs)
    return left.withUTF8 { left in right.withUTF8 { right in left.holdsSameLetters(as: right) } }
  }
}
