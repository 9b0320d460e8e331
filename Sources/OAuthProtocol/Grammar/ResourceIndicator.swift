import StrictCoding

/// The protected resource that a token is meant for.
///
/// Two spellings of one resource are equal: case of scheme and host, the default port and one trailing slash do not
/// count (protocol.md A4). Everything else is compared byte by byte.
///
/// Conforms to: RFC 8707 §2; MCP 2026-07-28 Authorization, Resource Parameter Implementation.
public struct ResourceIndicator: Hashable, Sendable, CustomStringConvertible {
  /// The spelling as it came.
  public let original: String
  /// The canonical spelling, without a trailing slash.
  public let canonical: String
  /// The URL as it came, parsed.
  public let url: AbsoluteURL

  /// Reads a resource indicator.
  ///
  /// - Throws: `OAuthError` with `invalid_target` if the text is not an absolute http(s) URI without fragment.
  public init(parsing string: String) throws(OAuthError) {
    let url: AbsoluteURL
    do {
      url = try AbsoluteURL(parsing: string)
    } catch {
      throw OAuthError(.invalidTarget, "resource must be an absolute http or https URI", reason: "resource: \(error)")
    }
    guard url.fragment == nil else { throw OAuthError(.invalidTarget, "resource must not have a fragment") }
    guard !url.hasDotSegments else { throw OAuthError(.invalidTarget, "resource must not have dot segments") }
    self.init(url: url)
  }

  private init(url: AbsoluteURL) {
    // Of `//` nothing is removed: the canonical form has to be its own canonical form.
    let hasOneSlash = url.path.utf8.last == UInt8(ascii: "/") && !url.path.utf8.suffix(2).elementsEqual("//".utf8)
    let path = hasOneSlash ? String(url.path.dropLast()) : url.path
    self.url = url
    original = url.string
    canonical = url.origin.string + path + (url.query.map { "?\($0)" } ?? "")
  }

  /// The canonical spelling.
  public var description: String { canonical }

  /// Compares canonical forms byte by byte.
  public static func == (left: Self, right: Self) -> Bool {
    ByteString(left.canonical) == ByteString(right.canonical)
  }

  /// Hashes the canonical form.
  public func hash(into hasher: inout Hasher) { hasher.combine(ByteString(canonical)) }
}
