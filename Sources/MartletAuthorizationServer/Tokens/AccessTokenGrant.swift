import MartletDomain
import OAuthProtocol
import StrictCoding

/// What an access token will say.
struct AccessTokenGrant: Sendable, Hashable {
  var tenant: TenantID
  /// The user, or the client itself.
  var subject: ByteString
  var client: ClientID
  var route: RouteID
  var scope: ScopeSet
  var grant: GrantID?
  var flow: FlowID?
}

/// An access token just made.
struct IssuedAccessToken: Sendable {
  let token: String
  /// Whole seconds.
  let lifetime: Int64
}

/// The names of our private claims.
enum AccessTokenClaim {
  static let type = "at+jwt"
  static let tenant = "tenant"
  static let grant = "grant"
  static let flow = "flow"
  /// Issued at, in milliseconds: revocation compares with it, and `iat` is too coarse for that.
  static let issuedAtMilliseconds = "mrt_iat"
}
