import MartletDomain
import OAuthProtocol

/// What a request proves its caller with: one access token or one API key, in a header field (N-22). It
/// lies where the request's fields lie.
enum PresentedCredential {
  /// Its form is looked at where it isn't known yet: nothing malformed is ever remembered.
  case accessToken(ArraySlice<UInt8>)
  case key(ArraySlice<UInt8>)

  /// Reads the one credential of a request.
  ///
  /// `X-API-Key` counts where there is no `Authorization`, or where it holds a key of ours: with a token beside it, a key
  /// of another kind is not meant for us.
  init(_ headers: HeaderFields) throws(Rejection) {
    let authorization = headers.bytes(of: .authorization)
    if let key = headers.bytes(of: .xAPIKey), authorization == nil || KeyText.isClaimed(by: key) {
      guard authorization == nil, headers.count(.xAPIKey) == 1 else { throw .malformedCredential }
      // An access token counts in `Authorization` alone, also where it is known already.
      guard KeyText.isClaimed(by: key) else { throw .invalidToken(reason: "malformed_key") }
      self = .key(key)
      return
    }
    guard let authorization else { throw .unauthenticated }
    guard headers.count(.authorization) == 1, let token = AuthorizationHeader.bearerText(authorization) else {
      throw .malformedCredential
    }
    if KeyText.isClaimed(by: token) {
      guard AuthorizationHeader.isBearerToken(token) else { throw .malformedCredential }
      self = .key(token)
    } else {
      self = .accessToken(token)
    }
  }

  var bytes: ArraySlice<UInt8> {
    switch self {
    case .accessToken(let bytes), .key(let bytes): bytes
    }
  }
}
