import StrictCoding

/// A successful answer of a token endpoint. It holds secrets and prints as `‹redacted›`.
///
/// Conforms to: RFC 6749 §5.1; protocol.md T10 (`expires_in`, `scope`, `token_type` are always sent).
public struct TokenResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The access token.
  public var accessToken: String
  /// Seconds from the moment of the answer; nil if the other server didn't say.
  public var expiresIn: Int64?
  /// The refresh token, if one was issued.
  public var refreshToken: String?
  /// The scope granted; nil if the other server didn't say, which means "as requested".
  public var scope: ScopeSet?
  /// The ID token of an OpenID provider.
  public var idToken: String?
  /// The type as the other server spelled it.
  public var tokenType: String
  /// What a token exchange issued (RFC 8693 §2.2.1); `nil` where the server doesn't say.
  public var issuedTokenType: String?

  /// Makes the answer of our own token endpoint.
  public init(
    accessToken: String, expiresIn: Int64, refreshToken: String? = nil, scope: ScopeSet, idToken: String? = nil
  ) {
    self.accessToken = accessToken
    self.expiresIn = expiresIn
    self.refreshToken = refreshToken
    self.scope = scope
    self.idToken = idToken
    tokenType = "Bearer"
  }

  /// The JSON body; `scope` is there even when empty.
  public func json() -> [UInt8] {
    var object = JSONObject()
    object["access_token"] = .string(accessToken)
    object["token_type"] = "Bearer"
    if let expiresIn { object["expires_in"] = .number(JSONNumber(expiresIn)) }
    if let refreshToken { object["refresh_token"] = .string(refreshToken) }
    object["scope"] = .string((scope ?? ScopeSet()).string)
    if let idToken { object["id_token"] = .string(idToken) }
    return JSONWriter.write(.object(object))
  }

  /// Reads the answer of another server, whatever its HTTP status was (protocol.md T9).
  ///
  /// Tolerated: a missing `token_type`, `expires_in` as a string or a fraction. Not tolerated: sender-constrained
  /// token types, and tokens that could not stand in a header.
  ///
  /// - Throws: `TokenResponseError.refused` if the body is an OAuth error, `.malformed` if it is neither.
  public init(json: JSONValue) throws(TokenResponseError) {
    if let code = json["error"]?.stringValue, !code.isEmpty {
      throw .refused(code: String(code.prefix(100)), description: json["error_description"]?.stringValue)
    }
    guard let token = json["access_token"]?.stringValue, Self.isToken(token) else { throw .malformed("access_token") }
    tokenType = json["token_type"]?.stringValue ?? "Bearer"
    guard !["dpop", "mac"].contains(ASCIICase.lowercased(tokenType)) else { throw .malformed("token_type") }
    accessToken = token
    expiresIn = Self.seconds(json["expires_in"])
    refreshToken = try Self.optionalToken("refresh_token", in: json)
    idToken = try Self.optionalToken("id_token", in: json)
    issuedTokenType = json["issued_token_type"]?.stringValue
    scope = json["scope"]?.stringValue.map { ScopeSet(tolerant: $0) }
  }

  /// `‹redacted›`.
  public var description: String { "‹redacted›" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }

  private static func optionalToken(_ name: String, in json: JSONValue) throws(TokenResponseError) -> String? {
    guard let value = json[name], value != .null else { return nil }
    guard let token = value.stringValue else { throw .malformed(name) }
    if token.isEmpty { return nil }
    guard isToken(token) else { throw .malformed(name) }
    return token
  }

  private static func isToken(_ token: String) -> Bool {
    let bytes = token.utf8
    return !bytes.isEmpty && bytes.count <= 65_536 && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// Ten years at most, so that adding it to a date never overflows (S-07).
  private static func seconds(_ value: JSONValue?) -> Int64? {
    let limit: Int64 = 315_360_000
    switch value {
    case .string(let text)?:
      guard !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy(ASCII.isDigit) else { return nil }
      return Int64(text).map { min($0, limit) }
    case .number(let number)?:
      if let exact = number.int64 { return min(max(exact, 0), limit) }
      guard let double = number.double, double.isFinite else { return nil }
      return Int64(exactly: min(max(double, 0), Double(limit)).rounded(.down))
    default: return nil
    }
  }
}
