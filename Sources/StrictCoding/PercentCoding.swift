/// Percent-encoding of URI components (RFC 3986 §2.1), strict when decoding.
public enum PercentCoding {
  private static let upperDigits = Array("0123456789ABCDEF".utf8)

  /// Encodes everything but unreserved characters (RFC 3986 §2.3).
  public static func encodeComponent(_ text: some StringProtocol) -> String {
    encodeComponent(bytes: text.utf8)
  }

  /// Encodes every byte that is not an unreserved character (RFC 3986 §2.3).
  public static func encodeComponent(bytes: some Sequence<UInt8>) -> String {
    var output: [UInt8] = []
    for byte in bytes {
      if isUnreserved(byte) { output.append(byte) } else { appendEscape(of: byte, to: &output) }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// Decodes escapes to bytes; `+` stays a plus sign.
  ///
  /// - Returns: The bytes, or nil for a `%` without two hexadecimal digits.
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    decode(text.utf8, plusIsSpace: false)
  }

  /// Decodes escapes to bytes, where there are any.
  ///
  /// - Returns: The bytes, or nil for a `%` without two hexadecimal digits.
  public static func decode(bytes: [UInt8]) -> [UInt8]? {
    bytes.contains(UInt8(ascii: "%")) ? decode(bytes, plusIsSpace: false) : bytes
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "%"))
    output.append(upperDigits[Int(byte >> 4)])
    output.append(upperDigits[Int(byte & 0x0F)])
  }

  static func decode(_ input: some Sequence<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(input.underestimatedCount)
    var iterator = input.makeIterator()
    while let byte = iterator.next() {
      if byte == UInt8(ascii: "%") {
        guard let high = iterator.next().flatMap(Hex.value(of:)), let low = iterator.next().flatMap(Hex.value(of:))
        else { return nil }
        output.append(high << 4 | low)
      } else {
        output.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return output
  }
}
