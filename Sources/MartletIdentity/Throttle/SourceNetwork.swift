import OAuthClient
import StrictCoding

/// Where a login comes from, as coarse as one customer of a network gets: an IPv4 address, or an IPv6 /64.
public struct SourceNetwork: Hashable, Sendable {
  private let prefix: ByteString

  /// Reads the address of a request.
  ///
  /// - Parameter address: An address literal; anything else is a network of its own, by its text.
  public init(address: String) {
    let text = address.utf8.prefix(64).filter { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }
    let withoutZone = text.prefix { $0 != UInt8(ascii: "%") }
    guard let bytes = IPAddress(String(decoding: withoutZone, as: UTF8.self))?.bytes else {
      prefix = ByteString(Array("?".utf8) + text)
      return
    }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    // An IPv4-mapped address is the IPv4 address: one machine must not count as two.
    if bytes.count == 16, bytes.starts(with: mapped) {
      prefix = ByteString(Array(bytes.suffix(4)))
    } else {
      prefix = ByteString(bytes.count == 16 ? Array(bytes.prefix(8)) : bytes)
    }
  }
}
