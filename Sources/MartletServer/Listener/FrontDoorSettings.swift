import MartletDomain
import MartletProxy
import OAuthClient
import OAuthProtocol
import StrictCoding

/// What the listener needs to know of a configuration snapshot.
struct FrontDoorSettings: Sendable {
  /// Values of `Host` that are ours, lower case.
  var hosts: Set<String>
  /// Proxies whose `X-Forwarded-For` counts.
  var trustedProxies: [CIDR]
  /// The public origin.
  var origin: HTTPOrigin

  /// - Parameters:
  ///   - origin: The public origin.
  ///   - extraHosts: `allowed_hosts`.
  ///   - listeningPort: The port, so that on loopback the usual names of this machine are answered too.
  init(origin: HTTPOrigin, extraHosts: [String], listeningPort: Int, isLoopback: Bool, trustedProxies: [CIDR]) {
    self.origin = origin
    self.trustedProxies = trustedProxies
    var hosts = Set(extraHosts.map { ASCIICase.lowercased($0) })
    hosts.insert(origin.authority)
    hosts.insert("\(origin.host.string):\(origin.port)")
    if isLoopback {
      for name in ["127.0.0.1", "localhost", "[::1]"] { hosts.insert("\(name):\(listeningPort)") }
    }
    self.hosts = hosts
  }

  /// Whether a `Host` value is ours; a trailing dot of the name doesn't matter.
  func accepts(host: String) -> Bool {
    if hosts.contains(host) { return true }
    let lowered = ASCIICase.lowercased(host)
    if hosts.contains(lowered) { return true }
    let (name, port) = Self.split(lowered)
    guard name.utf8.last == UInt8(ascii: ".") else { return false }
    return hosts.contains(String(name.dropLast()) + port)
  }

  private static func split(_ host: String) -> (name: String, port: String) {
    guard let colon = host.lastIndex(of: ":") else { return (host, "") }
    return (String(host[..<colon]), String(host[colon...]))
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

  private func isTrusted(_ address: String) -> Bool {
    IPAddress(address).map { ip in trustedProxies.contains { $0.contains(ip) } } ?? false
  }
}
