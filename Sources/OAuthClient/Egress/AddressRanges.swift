/// Ranges that an address may have to be in: where an API key may be used from, who may read metrics.
public struct AddressRanges: Sendable {
  private let ranges: [CIDR]

  /// Takes ranges as text; one that is no range admits nothing.
  public init(_ texts: [String]) { ranges = texts.compactMap { CIDR($0) } }

  /// Whether an address is in one of them; an IPv4-mapped address is the IPv4 address.
  public func contain(_ address: String) -> Bool {
    guard let parsed = IPAddress(address) else { return false }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
    let own = parsed.bytes.starts(with: mapped) ? IPAddress(bytes: Array(parsed.bytes.suffix(4))) ?? parsed : parsed
    return ranges.contains { $0.contains(own) }
  }
}
