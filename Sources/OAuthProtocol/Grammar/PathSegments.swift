/// Questions about a raw path whose percent-encoding is well-formed.
enum PathSegments {
  /// True if a segment is `.` or `..` after percent-decoding, or carries such a part before a `;`.
  static func hasDots(_ path: [UInt8]) -> Bool {
    let decoded = decode(path)
    let separators: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: ";")]
    return decoded.split { separators.contains($0) }.contains {
      $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8)
    }
  }

  /// Percent-decodes once; a malformed escape stays as it is.
  static func decode(_ bytes: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2])
      {
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(bytes[index])
        index += 1
      }
    }
    return decoded
  }
}
