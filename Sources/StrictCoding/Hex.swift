/// Hexadecimal text (RFC 4648 §8).
public enum Hex {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Encodes bytes in lower case.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.underestimatedCount * 2)
    for byte in bytes {
      output.append(digits[Int(byte >> 4)])
      output.append(digits[Int(byte & 0x0F)])
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Decodes an even number of digits of either case; anything else gives nil.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.count % 2 == 0 else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for digit in text.utf8 {
      guard let nibble = value(of: digit) else { return nil }
      if let first = high {
        output.append(first << 4 | nibble)
        high = nil
      } else {
        high = nibble
      }
    }
    return output
  }

  /// The value of one hexadecimal digit, or nil.
  public static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    case 0x61...0x66: digit - 0x57
    default: nil
    }
  }
}
