import StrictCoding

/// The answer of the introspection endpoint. An inactive token says nothing but that.
///
/// Conforms to: RFC 7662 §2.2.
public enum IntrospectionResponse: Sendable, Equatable {
  /// Unknown, expired, revoked, or none of the caller's business.
  case inactive
  /// Good at this moment.
  case active(ActiveToken)

  /// What is said about an active token.
  public struct ActiveToken: Sendable, Equatable {
    /// The issuer.
    public var issuer: String
    /// The subject.
    public var subject: String
    /// The client it was issued to.
    public var clientID: String
    /// The resources it is good for.
    public var audience: [String]
    /// The scope.
    public var scope: ScopeSet
    /// `Bearer` for access tokens, `refresh_token` for refresh tokens.
    public var tokenType: String
    /// Issued at, seconds since 1970.
    public var issuedAt: Int64
    /// Expires at, seconds since 1970.
    public var expiresAt: Int64
    /// The token's own identifier.
    public var tokenID: String?
    /// A name for people.
    public var username: String?

    /// Puts the answer together.
    public init(
      issuer: String, subject: String, clientID: String, audience: [String], scope: ScopeSet,
      tokenType: String = "Bearer", issuedAt: Int64, expiresAt: Int64, tokenID: String? = nil, username: String? = nil
    ) {
      self.issuer = issuer
      self.subject = subject
      self.clientID = clientID
      self.audience = audience
      self.scope = scope
      self.tokenType = tokenType
      self.issuedAt = issuedAt
      self.expiresAt = expiresAt
      self.tokenID = tokenID
      self.username = username
    }
  }

  /// The JSON body.
  public func json() -> [UInt8] {
    guard case .active(let token) = self else { return JSONWriter.write(.object(["active": false])) }
    var object: JSONObject = ["active": true]
    object["iss"] = .string(token.issuer)
    object["sub"] = .string(token.subject)
    object["client_id"] = .string(token.clientID)
    switch token.audience.count {
    case 0: break
    case 1: object["aud"] = .string(token.audience[0])
    default: object["aud"] = .array(token.audience.map { .string($0) })
    }
    object["scope"] = .string(token.scope.string)
    object["token_type"] = .string(token.tokenType)
    object["iat"] = .number(JSONNumber(token.issuedAt))
    object["exp"] = .number(JSONNumber(token.expiresAt))
    if let tokenID = token.tokenID { object["jti"] = .string(tokenID) }
    if let username = token.username { object["username"] = .string(username) }
    return JSONWriter.write(.object(object))
  }
}
