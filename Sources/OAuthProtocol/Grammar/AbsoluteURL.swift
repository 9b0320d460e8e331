import StrictCoding

/// An absolute `http` or `https` URL under a grammar of our own.
///
/// Foundation reads `https://good.com\@evil.com` as one host and browsers as another (S-14); here such text is no URL.
/// Equality is that of the bytes as they came.
///
/// Conforms to: RFC 3986, narrowed: ASCII, no userinfo, no backslash, no `%` in the authority.
public struct AbsoluteURL: Hashable, Sendable, CustomStringConvertible {
  /// The schemes that exist here.
  public enum Scheme: String, Hashable, Sendable {
    /// Plain HTTP.
    case http
    /// HTTP over TLS.
    case https

    /// 80 or 443.
    public var defaultPort: Int { self == .http ? 80 : 443 }
  }

  /// The text as it came.
  public let string: String
  /// The scheme.
  public let scheme: Scheme
  /// The host, canonical.
  public let host: URLHost
  /// The port as written, nil if none was.
  public let port: Int?
  /// The path as written: empty, or beginning with `/`.
  public let path: String
  /// The query as written, without its `?`.
  public let query: String?
  /// The fragment as written, without its `#`.
  public let fragment: String?

  /// Reads a URL.
  ///
  /// - Throws: `AbsoluteURLError`, naming the first rule that was broken.
  public init(parsing string: String) throws(AbsoluteURLError) {
    let bytes = Array(string.utf8)
    guard !bytes.isEmpty, bytes.count <= 4096 else { throw .length }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { throw .character }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .scheme }
    guard let scheme = Scheme(rawValue: ASCII.string(ASCIICase.lowercased(bytes[..<colon]))) else { throw .scheme }
    guard bytes[(colon + 1)...].starts(with: "//".utf8) else { throw .scheme }
    let start = colon + 3
    let end = bytes[start...].firstIndex { [UInt8]("/?#".utf8).contains($0) } ?? bytes.endIndex
    let authority = try URLAuthority(parsing: bytes[start..<end])
    let tail = try URLTail(parsing: bytes[end...])
    self.string = string
    self.scheme = scheme
    self.host = authority.host
    self.port = authority.port
    self.path = ASCII.string(tail.path)
    self.query = tail.query.map { ASCII.string($0) }
    self.fragment = tail.fragment.map { ASCII.string($0) }
  }

  /// The port that a connection goes to.
  public var effectivePort: Int { port ?? scheme.defaultPort }

  /// Scheme, host and port.
  public var origin: HTTPOrigin { HTTPOrigin(scheme: scheme, host: host, port: effectivePort) }

  /// Path and query for a request line; `/` where the path is empty.
  public var requestTarget: String {
    let base = path.isEmpty ? "/" : path
    return query.map { "\(base)?\($0)" } ?? base
  }

  /// True if a path segment is `.` or `..`, plainly or percent-encoded.
  public var hasDotSegments: Bool { PathSegments.hasDots(Array(path.utf8)) }

  /// The text as it came.
  public var description: String { string }

  /// Compares bytes, never Unicode equivalents.
  public static func == (left: Self, right: Self) -> Bool { left.string.equalsBytewise(right.string) }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(ByteString(string)) }
}
