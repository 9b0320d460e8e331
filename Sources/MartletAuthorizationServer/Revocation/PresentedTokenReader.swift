import MartletDomain
import OAuthProtocol
import StrictCoding

/// A token of ours that somebody shows us to ask about it or to give it back.
enum PresentedToken: Sendable {
  /// A live access token.
  case access(Principal)
  /// A stored refresh token, spent or not.
  case refresh(KnownRefreshToken)
}

/// Tells which of our tokens a text is. The shape decides; a hint could only be wrong (RFC 7009 §2.1).
struct PresentedTokenReader: Sendable {
  let accessTokens: AccessTokenVerifier
  let keys: SigningKeys
  let refreshTokens: any RefreshTokenStore

  /// - Returns: The token, or nil when it isn't one of ours, has ended or is revoked.
  /// - Throws: `temporarily_unavailable` when the store doesn't answer.
  func read(_ text: String, at now: Timestamp) async throws(OAuthError) -> PresentedToken? {
    if let digest = ArtefactKind.refreshToken.digest(text.utf8) {
      do {
        return try await refreshTokens.refreshToken(digest).map { .refresh($0) }
      } catch {
        throw OAuthError.unavailable(error)
      }
    }
    let token = ByteString(text)
    do {
      return .access(try accessTokens.verify(token, at: now))
    } catch {
      guard error == .unknownKey, await keys.refreshAfterUnknownKey() else { return nil }
      return (try? accessTokens.verify(token, at: now)).map { .access($0) }
    }
  }
}
