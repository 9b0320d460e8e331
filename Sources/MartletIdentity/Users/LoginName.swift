import StrictCoding

/// A local user's login name in its one canonical form, so that no spelling of it is another account (V-068).
///
/// Grammar: `[A-Za-z0-9._@-]{1,64}`; ASCII letters are folded to lower case.
public struct LoginName: Hashable, Sendable, CustomStringConvertible {
  /// The canonical bytes.
  public let value: ByteString

  /// Reads a login name.
  ///
  /// - Returns: Nil for anything outside the grammar; nothing is trimmed or normalised.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard (1...64).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
    value = ByteString(ASCIICase.lowercased(bytes))
  }

  /// The canonical text.
  public var string: String { value.string }

  /// The canonical text.
  public var description: String { value.string }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
