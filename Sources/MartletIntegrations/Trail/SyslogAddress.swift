import OAuthProtocol
import StrictCoding

/// Where syslog listens: `udp://host:514`, `tcp://host:601` or `unix:///dev/log`.
public enum SyslogAddress: Sendable, Hashable {
  /// One datagram a record (RFC 5426).
  case udp(host: String, port: Int)
  /// A connection, each record behind its length (RFC 6587 §3.4.1).
  case tcp(host: String, port: Int)
  /// A socket of this machine that takes datagrams.
  case unix(path: String)

  /// Reads an address. Without a port, 514 for UDP and 601 for TCP.
  public init?(_ text: String) {
    if let path = Self.rest(text, after: "unix://") {
      guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 107 else { return nil }
      self = .unix(path: path)
    } else if let authority = Self.rest(text, after: "udp://"), let (host, port) = Self.split(authority, usual: 514) {
      self = .udp(host: host, port: port)
    } else if let authority = Self.rest(text, after: "tcp://"), let (host, port) = Self.split(authority, usual: 601) {
      self = .tcp(host: host, port: port)
    } else {
      return nil
    }
  }

  /// As it is written.
  public var text: String {
    switch self {
    case .udp(let host, let port): "udp://\(host):\(port)"
    case .tcp(let host, let port): "tcp://\(host):\(port)"
    case .unix(let path): "unix://\(path)"
    }
  }

  private static func rest(_ text: String, after beginning: String) -> String? {
    text.utf8.starts(with: beginning.utf8) ? String(text.utf8.dropFirst(beginning.utf8.count)) : nil
  }

  /// Hosts are written as in URLs, so their grammar is taken from there.
  private static func split(_ authority: String, usual: Int) -> (String, Int)? {
    guard !authority.utf8.contains(where: { Array("/?#@".utf8).contains($0) }),
      let url = try? AbsoluteURL(parsing: "http://\(authority)/")
    else { return nil }
    return (url.host.string, url.port ?? usual)
  }
}
