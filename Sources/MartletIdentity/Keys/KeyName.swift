/// What an owner calls a key: `[A-Za-z0-9._-]{1,64}`, so that it stands in a path as it is.
public enum KeyName {
  /// Whether a text is a name.
  public static func isValid(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
      // Path segments that mean something else.
      && !text.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
  }
}
