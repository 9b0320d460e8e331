import MartletDomain
import MartletProxy
import OAuthClient
import OAuthProtocol
import StrictCoding

/// What the listener needs to know of a configuration snapshot. Immutable; a class, since every request looks at it.
final class FrontDoorSettings: Sendable {
  /// Values of `Host` that are ours, lower case.
  let hosts: Set<String>
  /// The one that most requests name, looked at before all of them are.
  private let usualHost: String
  /// Names that are ours at any port, lower case.
  let names: Set<String>
  /// Proxies whose `X-Forwarded-For` counts.
  let trustedProxies: [CIDR]
  /// The public origin.
  let origin: HTTPOrigin
  /// Whether requests count only from a trusted proxy: the listener is off loopback and speaks plain HTTP.
  let demandsProxy: Bool

  /// - Parameters:
  ///   - origin: The public origin.
  ///   - extraHosts: `allowed_hosts`.
  ///   - listeningPort: The port, so that on loopback the usual names of this machine are answered too.
  ///   - isLoopback: Whether only this machine reaches it.
  ///   - isTLS: Whether it speaks TLS itself.
  init(
    origin: HTTPOrigin, extraHosts: [String], listeningPort: Int, isLoopback: Bool, isTLS: Bool,
    trustedProxies: [CIDR]
  ) {
    self.origin = origin
    self.trustedProxies = trustedProxies
    demandsProxy = !isLoopback && !isTLS
    let extra = extraHosts.map { ASCIICase.lowercased($0) }
    names = Set(extra.filter { Self.split($0).port.isEmpty })
    var hosts = Set(extra)
    usualHost = origin.authority
    hosts.insert(usualHost)
    hosts.insert("\(origin.host.string):\(origin.port)")
    if isLoopback {
      for name in ["127.0.0.1", "localhost", "[::1]"] { hosts.insert("\(name):\(listeningPort)") }
    }
    self.hosts = hosts
  }

  /// Whether a `Host` value is ours; a trailing dot of the name doesn't matter.
  func accepts(host: String) -> Bool {
    if host.equalsBytewise(usualHost) || hosts.contains(host) { return true }
    let lowered = ASCIICase.lowercased(host)
    if hosts.contains(lowered) { return true }
    let (spelled, port) = Self.split(lowered)
    let name = spelled.utf8.last == UInt8(ascii: ".") ? String(spelled.dropLast()) : spelled
    return hosts.contains(name + port) || (Self.isPort(port) && names.contains(name))
  }

  private static func split(_ host: String) -> (name: String, port: String) {
    // The colons of an IPv6 literal are inside its brackets.
    guard let colon = host.lastIndex(of: ":"), host.utf8.last != UInt8(ascii: "]") else { return (host, "") }
    return (String(host[..<colon]), String(host[colon...]))
  }

  private static func isPort(_ text: String) -> Bool {
    text.isEmpty
      || ((2...6).contains(text.utf8.count) && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) })
  }

  /// The address that a request really came from: the right-most hop that no trusted proxy stands for (V-085).
  ///
  /// - Parameters:
  ///   - peer: The other end of the connection.
  ///   - forwarded: All `X-Forwarded-For` values.
  func clientAddress(peer: String, forwarded: [String]) -> String {
    guard isTrusted(peer) else { return peer }
    var address = peer
    let hops = forwarded.flatMap { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
    for hop in hops.reversed() {
      // What is no address says nothing; the hop before it is the last that is known.
      guard IPAddress(hop) != nil else { break }
      address = hop
      if !isTrusted(hop) { break }
    }
    return address
  }

  func clientAddress(peer: String, forwarded fields: HeaderFields) -> String {
    trustedProxies.isEmpty ? peer : clientAddress(peer: peer, forwarded: fields.values(.xForwardedFor))
  }

  func isTrusted(_ address: String) -> Bool {
    IPAddress(address).map { ip in trustedProxies.contains { $0.contains(ip) } } ?? false
  }
}
