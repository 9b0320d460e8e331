import StrictCoding

/// The grammar of redirect URIs that may be registered. Deny by default: every byte must be expected where it stands.
struct RedirectURIGrammar {
  static let maximumLength = 2048

  let kind: RedirectURI.Kind
  let displayHost: String
  let origin: String
  /// Scheme, `://` and host as written; empty for private-use schemes.
  let prefix: [UInt8]
  /// Path and query as written; empty for private-use schemes.
  let suffix: [UInt8]

  init(parsing bytes: [UInt8], policy: RedirectURIPolicy) throws(RedirectURIError) {
    guard !bytes.isEmpty, bytes.count <= Self.maximumLength else { throw .length }
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { throw .character }
    if bytes.contains(UInt8(ascii: "#")) { throw .fragment }
    if bytes.contains(UInt8(ascii: "*")) { throw .wildcard }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .scheme }
    let scheme = Array(bytes[..<colon])
    guard Self.isScheme(scheme) else { throw .scheme }
    let rest = bytes[(colon + 1)...]
    switch ByteString(scheme) {
    case "https", "http": try self.init(web: rest, isSecure: scheme.count == 5, policy: policy)
    default: try self.init(privateUse: rest, scheme: scheme, policy: policy)
    }
  }

  private init(web rest: ArraySlice<UInt8>, isSecure: Bool, policy: RedirectURIPolicy) throws(RedirectURIError) {
    guard rest.starts(with: "//".utf8) else { throw .host }
    let (authority, tail) = Self.splitAuthority(rest)
    let parsed: URLAuthority
    do {
      parsed = try URLAuthority(parsing: authority)
    } catch {
      throw Self.translated(error)
    }
    try Self.check(tail: tail)
    let hostBytes = Array(authority[..<Self.hostEnd(authority)])
    let scheme = isSecure ? "https" : "http"
    if !isSecure { try Self.checkLoopback(hostBytes, policy: policy) }
    kind = isSecure ? .https : .loopback
    displayHost = parsed.host.string
    let defaultPort = isSecure ? 443 : 80
    let port = parsed.port.flatMap { $0 == defaultPort ? nil : ":\($0)" } ?? ""
    origin = "\(scheme)://\(parsed.host.string)\(port)"
    prefix = Array("\(scheme)://".utf8) + hostBytes
    suffix = Array(tail)
  }

  private init(
    privateUse rest: ArraySlice<UInt8>, scheme: [UInt8], policy: RedirectURIPolicy
  ) throws(RedirectURIError) {
    if RedirectURIPolicy.neverAllowed.contains(ByteString(scheme)) { throw .scheme }
    guard policy.allows(scheme: scheme) else { throw .schemeNotAllowed }
    // `scheme:/path` or `scheme://name/path`; `evil.com:443/` and other opaque forms end here.
    guard rest.first == UInt8(ascii: "/") else { throw .path }
    var tail = rest
    if rest.starts(with: "//".utf8) {
      let (authority, after) = Self.splitAuthority(rest)
      if authority.contains(UInt8(ascii: "@")) { throw .userInfo }
      if authority.contains(UInt8(ascii: "%")) { throw .percentInAuthority }
      if authority.contains(UInt8(ascii: ":")) { throw .port }
      guard case .name? = URLHost(parsing: authority) else { throw .host }
      tail = after
    }
    try Self.check(tail: tail)
    let name = ASCII.string(scheme)
    kind = .privateUse(scheme: name)
    displayHost = "\(name):"
    origin = "\(name):"
    prefix = []
    suffix = []
  }

  /// RFC 3986 `scheme`, lower case only: a second spelling has no use but confusion.
  private static func isScheme(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, ASCII.isLower(first), bytes.count <= 64 else { return false }
    return bytes.allSatisfy {
      ASCII.isLower($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: ".")
    }
  }

  private static func splitAuthority(_ rest: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
    let body = rest.dropFirst(2)
    let end = body.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? body.endIndex
    return (body[..<end], body[end...])
  }

  private static func hostEnd(_ authority: ArraySlice<UInt8>) -> Int {
    if authority.first == UInt8(ascii: "["), let close = authority.firstIndex(of: UInt8(ascii: "]")) {
      return close + 1
    }
    return authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
  }

  private static func checkLoopback(_ host: [UInt8], policy: RedirectURIPolicy) throws(RedirectURIError) {
    switch ByteString(host) {
    case "127.0.0.1", "[::1]": return
    case "localhost":
      if !policy.allowsLocalhostName { throw .localhostNotAllowed }
    default: throw .insecure
    }
  }

  private static func translated(_ error: AbsoluteURLError) -> RedirectURIError {
    switch error {
    case .length: .length
    case .character: .character
    case .scheme: .scheme
    case .userInfo: .userInfo
    case .percentInAuthority: .percentInAuthority
    case .host: .host
    case .port: .port
    case .percentEncoding: .percentEncoding
    }
  }
}
