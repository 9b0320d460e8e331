import StrictCoding

/// Scheme, host and port of an HTTP URL in canonical form.
///
/// Conforms to: RFC 6454 §4, §6.2.
public struct HTTPOrigin: Hashable, Sendable, CustomStringConvertible {
  /// `http` or `https`.
  public let scheme: AbsoluteURL.Scheme
  /// The host, canonical.
  public let host: URLHost
  /// The port, default included.
  public let port: Int

  /// Puts an origin together.
  public init(scheme: AbsoluteURL.Scheme, host: URLHost, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Reads an origin: `scheme://host[:port]` and nothing after it, not even a slash.
  ///
  /// - Returns: Nil for `null` and anything else that is no origin.
  public init?(_ string: String) {
    guard let url = try? AbsoluteURL(parsing: string), url.path.isEmpty, url.query == nil, url.fragment == nil else {
      return nil
    }
    self = url.origin
  }

  /// The canonical spelling: lower case, default port left out, no trailing slash.
  public var string: String {
    port == scheme.defaultPort
      ? "\(scheme.rawValue)://\(host.string)" : "\(scheme.rawValue)://\(host.string):\(port)"
  }

  /// `host[:port]`, as a `Host` header has it.
  public var authority: String { port == scheme.defaultPort ? host.string : "\(host.string):\(port)" }

  /// The canonical spelling.
  public var description: String { string }
}
