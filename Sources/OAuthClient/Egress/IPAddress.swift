#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An IPv4 or IPv6 address as the bytes that the operating system's parser understood.
///
/// Texts such as `0x7f.1`, `2130706433` or `127.1` are no addresses here: `inet_pton` refuses them, so they can only
/// be names that are resolved and then checked.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 bytes for IPv4, 16 for IPv6, in network order.
  public let bytes: [UInt8]

  /// Takes an address in network order.
  ///
  /// - Parameter bytes: 4 or 16 bytes; any other length is no address.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Parses the canonical text forms only, by `inet_pton`; zone identifiers and brackets are refused.
  public init?(_ text: String) {
    guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
    var buffer = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &buffer) == 1 {
      self.bytes = Array(buffer.prefix(4))
    } else if inet_pton(AF_INET6, text, &buffer) == 1 {
      self.bytes = buffer
    } else {
      return nil
    }
  }

  /// Whether the address is an IPv4 one (an IPv4-mapped IPv6 address is not).
  public var isIPv4: Bool { bytes.count == 4 }

  /// The canonical text form.
  public var description: String {
    var text = [CChar](repeating: 0, count: 64)
    let family = isIPv4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
