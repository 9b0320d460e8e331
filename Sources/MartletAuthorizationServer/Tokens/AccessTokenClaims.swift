import MartletDomain
import OAuthProtocol
import StrictCoding

/// The claims of an access token, all present and of the right type; nothing is defaulted.
struct AccessTokenClaims {
  let id: ByteString
  let tenant: TenantID
  let subject: ByteString
  let client: ClientID
  let scope: ScopeSet
  let grant: GrantID?
  let flow: FlowID?
  let issuedAt: Timestamp
  let expiresAt: Timestamp

  init(_ claims: JWTClaims) throws(AccessTokenRejection) {
    id = try Self.text("jti", in: claims)
    tenant = TenantID(try Self.text(AccessTokenClaim.tenant, in: claims))
    subject = try Self.text("sub", in: claims)
    client = ClientID(try Self.text("client_id", in: claims))
    guard let scope = claims.string("scope") else { throw .badClaims }
    self.scope = ScopeSet(tolerant: scope)
    grant = try Self.optionalText(AccessTokenClaim.grant, in: claims).map { GrantID($0) }
    flow = try Self.optionalText(AccessTokenClaim.flow, in: claims).map { FlowID($0) }
    let milliseconds = try Self.integer(AccessTokenClaim.issuedAtMilliseconds, in: claims, below: 253_402_300_800_000)
    issuedAt = Timestamp(milliseconds: milliseconds)
    expiresAt = Timestamp(seconds: try Self.integer("exp", in: claims, below: 253_402_300_800))
    guard try Self.integer("iat", in: claims, below: 253_402_300_800) == issuedAt.seconds else { throw .badClaims }
    guard claims["nbf"] == nil else { throw .badClaims }
  }

  private static func text(_ name: String, in claims: JWTClaims) throws(AccessTokenRejection) -> ByteString {
    guard let text = claims.string(name), !text.isEmpty, text.utf8.count <= 4096 else { throw .badClaims }
    return ByteString(text)
  }

  private static func optionalText(_ name: String, in claims: JWTClaims) throws(AccessTokenRejection) -> ByteString? {
    claims[name] == nil ? nil : try text(name, in: claims)
  }

  /// Whole and written as such: no fraction, no exponent, nothing that arithmetic could trip over (S-07).
  private static func integer(
    _ name: String, in claims: JWTClaims, below limit: Int64
  ) throws(AccessTokenRejection) -> Int64 {
    guard let number = claims[name]?.numberValue, number.isIntegerLiteral, let value = number.int64, value >= 0,
      value < limit
    else { throw .badClaims }
    return value
  }
}
