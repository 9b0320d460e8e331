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
  /// A client counts its token's life from when it read the answer, its next call takes time too, and `exp` is a whole
  /// second, rounded down. Told two seconds less, it renews before the token ends instead of meeting a 401, after which
  /// some log in anew.
  private static let margin: Int64 = 2

  let token: String
  /// What the client is told, in whole seconds.
  let lifetime: Int64

  /// - Parameters:
  ///   - token: The signed token.
  ///   - lifetime: From its `iat` to its `exp`, in seconds.
  init(token: String, lifetime: Int64) {
    self.token = token
    self.lifetime = max(lifetime - Self.margin, min(lifetime, 1), 0)
  }
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
