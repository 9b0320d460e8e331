/// Which addresses a fetch of somebody else's URL may reach.
///
/// Everything that isn't plain public unicast is refused, including every IPv6 form that carries an IPv4 address inside
/// (mapped, NAT64, 6to4, Teredo, ISATAP), unless the operator allowed the range by `egress.allow`.
public struct AddressPolicy: Sendable {
  /// What the policy says about one address.
  public enum Verdict: Hashable, Sendable {
    /// Public unicast: https only.
    case allowed
    /// Named by the operator's allow-list: https, and plain http too.
    case explicitlyAllowed
    /// Inside a blocked range, named for the operator's log.
    case blocked(String)
  }

  private let allow: [CIDR]

  /// - Parameter allow: Ranges that the operator opens (`egress.allow`); compared within the address's own family only.
  public init(allow: [CIDR] = []) {
    self.allow = allow
  }

  /// Judges one address.
  public func verdict(on address: IPAddress) -> Verdict {
    if allow.contains(where: { $0.contains(address) }) { return .explicitlyAllowed }
    if let range = Self.blockedRanges.first(where: { $0.contains(address) }) { return .blocked(range.description) }
    if !address.isIPv4 {
      if !Self.globalUnicast.contains(address) { return .blocked("outside 2000::/3") }
      if Self.isISATAP(address) { return .blocked("ISATAP") }
    }
    return .allowed
  }

  /// Whether a connection to `address` may be made.
  public func allows(_ address: IPAddress) -> Bool {
    if case .blocked = verdict(on: address) { return false }
    return true
  }

  /// RFC 5214 §6.1: interface identifiers `0000:5efe` and `0200:5efe` (with either group bit) carry an IPv4 address.
  private static func isISATAP(_ address: IPAddress) -> Bool {
    let bytes = address.bytes
    return bytes.count == 16 && bytes[8] & 0xFC == 0 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE
  }

  private static let globalUnicast: [CIDR] = ranges(["2000::/3"])

  private static let blockedRanges: [CIDR] = ranges([
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
    "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
  ])

  private static func ranges(_ texts: [String]) -> [CIDR] { texts.compactMap { CIDR($0) } }
}

extension [CIDR] {
  fileprivate func contains(_ address: IPAddress) -> Bool { contains { $0.contains(address) } }
}
