import StrictCoding

/// The host of a URL, classified without any help of a resolver.
///
/// Only the canonical dotted quad is an IPv4 address. Whatever a browser or `inet_aton` would read as one in another
/// spelling (`0x7f.1`, `2130706433`, `0177.0.0.1`, `127.1`) is no host at all here (S-14).
///
/// Conforms to: RFC 3986 §3.2.2, narrowed.
public enum URLHost: Hashable, Sendable {
  /// A registered name in lower case: letters, digits, hyphen, underscore and dots only.
  case name(String)
  /// An IPv4 literal, four bytes.
  case ipv4([UInt8])
  /// An IPv6 literal, sixteen bytes.
  case ipv6([UInt8])

  /// Reads a host as it stands in an authority, an IPv6 literal in brackets.
  ///
  /// - Parameter bytes: The bytes between `//` (or nothing) and the port.
  /// - Returns: Nil unless the bytes are a name or a canonical literal.
  public init?(parsing bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    if bytes.first == UInt8(ascii: "[") {
      guard bytes.last == UInt8(ascii: "]"), bytes.count >= 4 else { return nil }
      guard let address = IPv6Grammar.parse(bytes.dropFirst().dropLast()) else { return nil }
      self = .ipv6(address)
      return
    }
    guard let labels = Self.labels(bytes), let last = labels.last else { return nil }
    if last.allSatisfy(ASCII.isDigit) || Self.isHexNumber(last) {
      guard let address = IPv6Grammar.dottedQuad(bytes[...]) else { return nil }
      self = .ipv4(address)
      return
    }
    self = .name(ASCII.string(ASCIICase.lowercased(bytes)))
  }

  /// The canonical text: lower case, RFC 5952 in brackets for IPv6.
  public var string: String {
    switch self {
    case .name(let name): name
    case .ipv4(let bytes): bytes.map { String($0) }.joined(separator: ".")
    case .ipv6(let bytes): "[\(IPv6Grammar.text(bytes))]"
    }
  }

  /// True for `localhost`, 127.0.0.0/8 and `::1`. Says nothing about what a name resolves to.
  public var isLoopback: Bool {
    switch self {
    case .name(let name): name == "localhost"
    case .ipv4(let bytes): bytes.first == 127
    case .ipv6(let bytes): bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
  }

  private static func labels(_ bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
    guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
    let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    for label in labels {
      guard label.count >= 1, label.count <= 63 else { return nil }
      guard label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else { return nil }
      let isClean = label.allSatisfy {
        ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
      guard isClean else { return nil }
    }
    return labels
  }

  private static func isHexNumber(_ label: ArraySlice<UInt8>) -> Bool {
    let bytes = Array(label)
    guard bytes.count >= 2, bytes[0] == UInt8(ascii: "0"), ASCIICase.lowercased(bytes[1]) == UInt8(ascii: "x") else {
      return false
    }
    return bytes.dropFirst(2).allSatisfy { ASCII.hexValue($0) != nil }
  }
}
