import OAuthProtocol
import StrictCoding

/// Hosts by name: `auth.example.com`, every name under a domain (`*.example.com`), or an address as URLs write it.
public struct HostList: Sendable, Hashable {
  private enum Entry: Sendable, Hashable {
    case host(URLHost)
    case under(domain: [UInt8])
  }

  private let entries: [Entry]

  /// Reads a list.
  ///
  /// - Parameter texts: An entry each.
  /// - Returns: `nil` where one of them is no host.
  public init?(_ texts: [String]) {
    var entries: [Entry] = []
    for text in texts {
      let isDomain = text.utf8.starts(with: "*.".utf8)
      guard let host = URLHost(parsing: isDomain ? Array(text.utf8.dropFirst(2)) : Array(text.utf8)) else { return nil }
      switch host {
      case .name(let name) where isDomain: entries.append(.under(domain: [UInt8(ascii: ".")] + Array(name.utf8)))
      case .ipv4 where isDomain, .ipv6 where isDomain: return nil
      default: entries.append(.host(host))
      }
    }
    self.entries = entries
  }

  /// Whether a host is among them.
  public func contains(_ host: URLHost) -> Bool {
    entries.contains { entry in
      switch (entry, host) {
      case (.host(let listed), _): listed == host
      case (.under(let domain), .name(let name)):
        name.utf8.count > domain.count && name.utf8.suffix(domain.count).elementsEqual(domain)
      case (.under, _): false
      }
    }
  }
}

extension URLHost {
  /// Names that no public resolver has, or that by custom stand for private machines.
  private static let privateDomains = [
    "localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa",
  ]

  /// Whether it is, as it stands, a place that isn't on the public Internet: an address that isn't public, a name without a dot, a name
  /// under a domain for private use (RFC 6761, RFC 6762, RFC 8375). What a public name resolves to isn't looked at.
  public var isInternal: Bool {
    switch self {
    case .ipv4(let bytes), .ipv6(let bytes): return IPAddress(bytes: bytes).map { !AddressPolicy().allows($0) } ?? true
    case .name(let name):
      return !name.utf8.contains(UInt8(ascii: "."))
        || Self.privateDomains.contains {
          name.utf8.elementsEqual($0.utf8) || name.utf8.suffix($0.utf8.count + 1).elementsEqual(".\($0)".utf8)
        }
    }
  }
}
