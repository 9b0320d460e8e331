import MartletDomain
import StrictCoding

/// What opens an upstream account: access token and refresh token as one value, so that one is never stored without the
/// other.
public struct UpstreamTokens: Sendable {
  /// The access token.
  public var accessToken: Secret
  /// The refresh token, where there is one.
  public var refreshToken: Secret?

  /// The ID token, where it came with a login.
  public var idToken: Secret?

  /// Pairs tokens.
  public init(accessToken: Secret, refreshToken: Secret?, idToken: Secret? = nil) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.idToken = idToken
  }

  /// The form that is sealed.
  var encoded: [UInt8] {
    var object: JSONObject = ["access_token": .string(ByteString(accessToken.expose()).string)]
    if let refreshToken { object["refresh_token"] = .string(ByteString(refreshToken.expose()).string) }
    if let idToken { object["id_token"] = .string(ByteString(idToken.expose()).string) }
    return JSONWriter.write(.object(object))
  }

  init(decoding bytes: [UInt8]) throws(VaultError) {
    guard let json = try? JSONReader.parse(bytes), let access = json["access_token"]?.stringValue, !access.isEmpty
    else { throw .malformed }
    accessToken = Secret(access)
    refreshToken = json["refresh_token"]?.stringValue.map { Secret($0) }
    idToken = json["id_token"]?.stringValue.map { Secret($0) }
  }
}
