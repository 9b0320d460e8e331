import MartletDomain
import OAuthProtocol
import StrictCoding

/// A token that somebody shows, as what is revoked when it is taken away: an access token dies alone, a refresh token
/// takes its grant along.
public struct TokenTarget: Sendable {
  /// What to revoke.
  public let target: RevocationTarget
  /// What that is, for people.
  public let words: String
  /// The tenant of the token.
  public let tenant: TenantID?
  /// Who it is for.
  public let subject: String?
  /// The client that has it.
  public let client: ClientID?

  /// Finds out what a token is: a refresh token by its hash, an access token by the signature of one of our published
  /// keys.
  ///
  /// - Returns: `nil` for what is no token of this installation.
  public static func find(_ token: ByteString, in installation: Installation) async throws -> TokenTarget? {
    if let digest = ArtefactKind.refreshToken.digest(token.bytes) {
      return try await installation.store.refreshToken(digest).map { known in
        TokenTarget(
          target: .grant(known.family.grant), words: "the grant of this refresh token, with its access tokens",
          tenant: known.family.tenant, subject: known.family.user.string, client: known.family.client)
      }
    }
    guard let parsed = try? JSONWebSignature(compact: token.bytes), parsed.hasType("at+jwt"),
      let id = parsed.claims.tokenID
    else { return nil }
    try await installation.signingKeys.load()
    guard case .json(let document) = installation.signingKeys.jwks().body,
      let keys = try? JSONWebKeySet(parsing: document),
      keys.candidates(for: parsed).contains(where: { ES256.verify(parsed, key: $0) })
    else { return nil }
    return TokenTarget(
      target: .accessToken(ByteString(id)), words: "this access token",
      tenant: parsed.claims.string("tenant").map { TenantID($0) }, subject: parsed.claims.subject,
      client: parsed.claims.string("client_id").map { ClientID($0) })
  }
}
