/// The text forms of IP addresses, read and written without the C library.
///
/// Conforms to: RFC 4291 §2.2, RFC 5952; no zone identifiers.
enum IPv6Grammar {
  /// Reads `d.d.d.d`, decimal without leading zeros.
  static func dottedQuad(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var address: [UInt8] = []
    for part in parts {
      guard part.count >= 1, part.count <= 3, part.allSatisfy(ASCII.isDigit) else { return nil }
      guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
      guard let value = UInt8(ASCII.string(part)) else { return nil }
      address.append(value)
    }
    return address
  }

  /// Reads an IPv6 address without brackets; `::` at most once, an IPv4 tail allowed.
  static func parse(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    guard bytes.count >= 2, bytes.count <= 45 else { return nil }
    guard let gap = doubleColon(in: bytes) else { return groups(bytes).flatMap { $0.count == 16 ? $0 : nil } }
    let after = bytes[(gap + 2)...]
    guard doubleColon(in: after) == nil, after.first != UInt8(ascii: ":") else { return nil }
    guard let head = groups(bytes[..<gap], allowsQuad: false), let tail = groups(after) else { return nil }
    guard head.count + tail.count <= 14 else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
  }

  private static func doubleColon(in bytes: ArraySlice<UInt8>) -> Int? {
    bytes.indices.dropLast().first { bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: ":") }
  }

  private static func groups(_ bytes: ArraySlice<UInt8>, allowsQuad: Bool = true) -> [UInt8]? {
    if bytes.isEmpty { return [] }
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count <= 8 else { return nil }
    var address: [UInt8] = []
    for (index, part) in parts.enumerated() {
      if part.contains(UInt8(ascii: ".")) {
        guard allowsQuad, index == parts.count - 1, let quad = dottedQuad(part) else { return nil }
        address += quad
        continue
      }
      guard part.count >= 1, part.count <= 4 else { return nil }
      var value: UInt16 = 0
      for byte in part {
        guard let digit = ASCII.hexValue(byte) else { return nil }
        value = value << 4 | UInt16(digit)
      }
      address += [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
    return address.count <= 16 ? address : nil
  }

  /// Writes sixteen bytes as RFC 5952 asks: lower case, the longest run of zero groups (two or more) as `::`.
  static func text(_ bytes: [UInt8]) -> String {
    guard bytes.count == 16 else { return "::" }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard best.count >= 2 else { return hex(groups[...]) }
    return "\(hex(groups[..<best.lowerBound]))::\(hex(groups[best.upperBound...]))"
  }
}
