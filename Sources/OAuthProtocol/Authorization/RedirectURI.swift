import StrictCoding

/// A redirect URI that passed the grammar and the policy of registration.
///
/// The grammar is our own, because no two URL parsers agree on hostile input (S-14, V-051). A presented URI is never
/// parsed: it is compared byte by byte with the registered one, and on loopback addresses the port is left out of the
/// comparison.
///
/// Conforms to: RFC 6749 §3.1.2; RFC 8252 §7.1–§7.3; OAuth 2.1 §2.3.1; MCP Authorization, Open Redirection.
public struct RedirectURI: Hashable, Sendable, CustomStringConvertible {
  /// Where a redirect URI leads.
  public enum Kind: Hashable, Sendable {
    /// A web page over TLS.
    case https
    /// Plain HTTP on the user's own machine.
    case loopback
    /// An application that claimed a scheme.
    case privateUse(scheme: String)
  }

  /// The bytes as registered (or, after `accepting(_:)`, as presented).
  public let string: String
  /// Where it leads.
  public let kind: Kind
  /// What a person should see before consenting: the host, or the scheme with its colon (`cursor:`).
  public let host: String
  /// `scheme://host[:port]` for a form-action policy; `scheme:` for a private-use scheme.
  public let origin: String

  /// `http://` and the host as registered, for loopback URIs.
  private let loopbackPrefix: [UInt8]
  /// Path and query as registered, for loopback URIs.
  private let loopbackSuffix: [UInt8]

  /// Checks a URI for registration.
  ///
  /// - Parameters:
  ///   - string: The URI as the client sent it; it is kept byte by byte.
  ///   - policy: Which private-use schemes count.
  /// - Throws: `RedirectURIError`, naming the first rule that was broken.
  public init(registering string: String, policy: RedirectURIPolicy = .default) throws(RedirectURIError) {
    let parts = try RedirectURIGrammar(parsing: Array(string.utf8), policy: policy)
    self.string = string
    kind = parts.kind
    host = parts.displayHost
    origin = parts.origin
    loopbackPrefix = parts.kind == .loopback ? parts.prefix : []
    loopbackSuffix = parts.kind == .loopback ? parts.suffix : []
  }

  private init(string: String, port: Int?, registered: RedirectURI) {
    self.string = string
    kind = registered.kind
    host = registered.host
    let base = ASCII.string(registered.loopbackPrefix)
    origin = port.map { $0 == 80 ? base : "\(base):\($0)" } ?? base
    loopbackPrefix = registered.loopbackPrefix
    loopbackSuffix = registered.loopbackSuffix
  }

  /// True for plain HTTP on the user's own machine.
  public var isLoopback: Bool { kind == .loopback }

  /// True if the user agent hands the response to a program on the user's machine.
  public var isNative: Bool { kind != .https }

  /// True if a presented redirect URI is this one.
  ///
  /// Bytes must be equal; only the port of a loopback URI may differ, be added or be left out (RFC 8252 §7.3).
  public func matches(_ presented: String) -> Bool { accepting(presented) != nil }

  /// The URI to answer to, if the presented one is this one.
  ///
  /// - Parameter presented: `redirect_uri` of an authorization request.
  /// - Returns: This URI, with the presented port if it is a loopback URI; nil if it does not match.
  public func accepting(_ presented: String) -> RedirectURI? {
    if ByteString(presented) == ByteString(string) { return self }
    guard isLoopback else { return nil }
    let bytes = Array(presented.utf8)
    guard bytes.count <= RedirectURIGrammar.maximumLength, bytes.starts(with: loopbackPrefix) else { return nil }
    var rest = bytes[loopbackPrefix.count...]
    var port: Int?
    if rest.first == UInt8(ascii: ":") {
      let digits = rest.dropFirst().prefix { ASCII.isDigit($0) }
      guard let value = URLAuthority.port(digits) else { return nil }
      port = value
      rest = rest[digits.endIndex...]
    }
    guard rest.elementsEqual(loopbackSuffix) else { return nil }
    return RedirectURI(string: presented, port: port, registered: self)
  }

  /// Adds parameters to the query, keeping what is there (RFC 6749 §3.1.2).
  ///
  /// - Parameter parameters: Names and values, encoded here.
  /// - Returns: The URL for a `Location` header; printable ASCII only.
  public func appending(parameters: [(String, String)]) -> String {
    guard !parameters.isEmpty else { return string }
    let encoded = FormParameters.encode(parameters)
    guard let mark = string.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "\(string)?\(encoded)" }
    let query = string.utf8[string.utf8.index(after: mark)...]
    return query.isEmpty || query.last == UInt8(ascii: "&") ? string + encoded : "\(string)&\(encoded)"
  }

  /// The bytes as registered.
  public var description: String { string }

  /// Compares bytes.
  public static func == (left: Self, right: Self) -> Bool { ByteString(left.string) == ByteString(right.string) }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) { hasher.combine(ByteString(string)) }
}
