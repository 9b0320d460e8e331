import OAuthProtocol
import StrictCoding

/// Names and attributes of our cookies: `__Host-martlet-…` and Secure on https, `martlet-<port>-…` on http loopback.
public struct CookiePolicy: Sendable, Hashable {
  /// Our cookies.
  public enum Name: String, Sendable, CaseIterable {
    /// Names the browser, before and after login.
    case browser
    /// The login session.
    case session
  }

  private let prefix: String
  private let isSecure: Bool

  /// The policy of an origin.
  public init(origin: HTTPOrigin) {
    isSecure = origin.scheme == .https
    prefix = isSecure ? "__Host-martlet-" : "martlet-\(origin.port)-"
  }

  /// The cookie's full name.
  public func name(_ name: Name) -> String { prefix + name.rawValue }

  /// Every name that this browser goes by here: its own cookie first, then those of transactions that began side by
  /// side before it had one (A6).
  public func browsers(of request: EndpointRequest) -> [ArtefactDigest] {
    let own = request.cookie(name(.browser)).flatMap { ArtefactKind.browser.digest($0) }
    let prefix = Array((name(.browser) + "-").utf8)
    let others = request.cookies.filter { $0.name.starts(with: prefix) }.prefix(Self.parallelTransactions)
    return (own.map { [$0] } ?? []) + others.compactMap { ArtefactKind.browser.digest($0.value) }
  }

  /// How many transactions of a browser without its own cookie are told apart.
  private static let parallelTransactions = 20

  /// A `Set-Cookie` value that names a browser for one transaction. Answers to several first requests at once each set
  /// the browser's own cookie, and only the last one stays; with this one every transaction finds its browser again.
  public func setBrowser(_ value: Secret, for transaction: TransactionID, lifetime: Duration) -> String {
    set("\(name(.browser))-\(transaction.string.prefix(16))", value, lifetime: lifetime)
  }

  /// A `Set-Cookie` value.
  ///
  /// - Parameters:
  ///   - name: Which cookie.
  ///   - value: Its value.
  ///   - lifetime: How long the browser keeps it; `nil` until it closes.
  public func set(_ name: Name, _ value: Secret, lifetime: Duration?) -> String {
    set(self.name(name), value, lifetime: lifetime)
  }

  private func set(_ name: String, _ value: Secret, lifetime: Duration?) -> String {
    let age = lifetime.map { "; Max-Age=\($0.wholeSeconds)" } ?? ""
    return "\(name)=\(ByteString(value.expose()).string); Path=/; HttpOnly; SameSite=Lax"
      + (isSecure ? "; Secure" : "") + age
  }

  /// A `Set-Cookie` value that deletes the cookie.
  public func clear(_ name: Name) -> String {
    "\(self.name(name))=; Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "") + "; Max-Age=0"
  }
}
