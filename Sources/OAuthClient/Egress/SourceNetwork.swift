import StrictCoding

/// Where a request comes from, as coarse as one customer of a network gets.
public struct SourceNetwork: Hashable, Sendable {
  /// The network's part of the address; two networks never have the same.
  public let prefix: ByteString

  /// Reads the address of a request.
  ///
  /// - Parameters:
  ///   - address: An address literal; anything else is a network of its own, by its text.
  ///   - ipv4Bytes: How many bytes of an IPv4 address count; by default all 4.
  ///   - ipv6Bytes: How many bytes of an IPv6 address count; by default 8, a /64.
  public init(address: String, ipv4Bytes: Int = 4, ipv6Bytes: Int = 8) {
    let text = address.utf8.prefix(64).filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }
    let withoutZone = text.prefix { $0 != UInt8(ascii: "%") }
    guard let literal = String(validating: withoutZone, as: UTF8.self), let bytes = IPAddress(literal)?.bytes else {
      prefix = ByteString(Array("?".utf8) + text)
      return
    }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    // An IPv4-mapped address is the IPv4 address: one machine must not count as two.
    let own = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    let kind = UInt8(ascii: own.count == 4 ? "4" : "6")
    prefix = ByteString([kind] + own.prefix(own.count == 4 ? ipv4Bytes : ipv6Bytes))
  }

  /// The network by which strangers are told apart: an IPv4 /24 or an IPv6 /48, which is what one customer can have for
  /// the asking.
  public init(customerAt address: String) { self.init(address: address, ipv4Bytes: 3, ipv6Bytes: 6) }
}
