import OAuthProtocol
import StrictCoding

/// Whose client metadata documents are fetched at all, decided before the fetch (security-checks V-094).
public struct HostPolicy: Sendable {
  private let allow: [[UInt8]]?
  private let deny: [[UInt8]]

  /// - Parameters:
  ///   - allow: Hosts such as `claude.ai`, or `*.example.com` for all below a domain; nil for every host.
  ///   - deny: The same, and stronger.
  public init(allow: [String]? = nil, deny: [String] = []) {
    self.allow = allow?.map { ASCIICase.lowercased($0.utf8) }
    self.deny = deny.map { ASCIICase.lowercased($0.utf8) }
  }

  /// Whether documents of this host are fetched.
  public func admits(_ host: URLHost) -> Bool {
    var name = ASCIICase.lowercased(host.string.utf8)
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    if deny.contains(where: { Self.matches($0, name) }) { return false }
    return allow.map { $0.contains { Self.matches($0, name) } } ?? true
  }

  private static func matches(_ pattern: [UInt8], _ host: [UInt8]) -> Bool {
    guard pattern.starts(with: "*.".utf8) else { return pattern == host }
    let suffix = pattern.dropFirst()
    return host.count > suffix.count && host.suffix(suffix.count).elementsEqual(suffix)
  }
}
