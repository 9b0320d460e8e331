/// Host and port of an authority that may hold nothing else.
struct URLAuthority {
  let host: URLHost
  let port: Int?

  init(parsing bytes: ArraySlice<UInt8>) throws(AbsoluteURLError) {
    if bytes.contains(UInt8(ascii: "@")) { throw .userInfo }
    if bytes.contains(UInt8(ascii: "%")) { throw .percentInAuthority }
    var hostEnd = bytes.endIndex
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
      hostEnd = close + 1
    } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
      hostEnd = colon
    }
    guard let host = URLHost(parsing: bytes[bytes.startIndex..<hostEnd]) else { throw .host }
    self.host = host
    guard hostEnd < bytes.endIndex else {
      port = nil
      return
    }
    guard bytes[hostEnd] == UInt8(ascii: ":") else { throw .host }
    guard let port = Self.port(bytes[(hostEnd + 1)...]) else { throw .port }
    self.port = port
  }

  /// Reads 1…65535 without sign, leading zero or spaces.
  static func port(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.count >= 1, digits.count <= 5, digits.allSatisfy(ASCII.isDigit) else { return nil }
    guard digits.first != UInt8(ascii: "0") else { return nil }
    guard let value = Int(ASCII.string(digits)), value <= 65535 else { return nil }
    return value
  }
}
