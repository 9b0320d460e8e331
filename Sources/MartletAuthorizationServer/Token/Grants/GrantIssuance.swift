import MartletDomain
import OAuthProtocol
import StrictCoding

/// What all grants need to issue.
struct GrantIssuance: Sendable {
  let settings: @Sendable () -> AuthorizationServerSettings
  let accessTokens: AccessTokenIssuer
  let clients: any ClientStore
  let random: any RandomSource

  /// A refresh token just made: the secret for the client, the record for the store.
  struct Refresh: Sendable {
    let secret: Secret
    let record: RefreshToken
  }

  /// A new refresh token of a family; it never outlives the family.
  func refreshToken(grant: GrantID, generation: Int, familyEnd: Timestamp, at now: Timestamp) -> Refresh {
    let secret = ArtefactKind.refreshToken.mint(random)
    let record = RefreshToken(
      digest: ArtefactKind.refreshToken.digest(secret), grant: grant, generation: generation, issuedAt: now,
      expiresAt: min(now + settings().tokens.refreshLifetime, familyEnd))
    return Refresh(secret: secret, record: record)
  }

  /// The body of a token response, signed; nothing is stored (RFC 6749 §5.1, protocol.md T10).
  func reply(
    _ permit: GrantPermit, grant: GrantID?, flow: FlowID?, refresh: Refresh?, at now: Timestamp
  ) throws(OAuthError) -> [UInt8] {
    let issued: IssuedAccessToken
    do {
      issued = try accessTokens.issue(
        AccessTokenGrant(
          tenant: permit.tenant, subject: permit.subject, client: permit.client, route: permit.route,
          scope: permit.scope, grant: grant, flow: flow), at: now)
    } catch {
      throw OAuthError.unavailable(error)
    }
    return TokenResponse(
      accessToken: issued.token, expiresIn: issued.lifetime,
      refreshToken: refresh.map { ByteString($0.secret.expose()).string }, scope: permit.scope
    ).json()
  }

  /// Marks a client as used, before its first credential is spent: from then on it never expires.
  func noteUse(of client: RegisteredClient, at now: Timestamp) async throws(OAuthError) {
    guard client.firstUsedAt == nil, [.dynamicRegistration, .administrator].contains(client.origin) else { return }
    do {
      try await clients.noteClientUse(client.id, at: now)
    } catch {
      throw OAuthError.unavailable(error)
    }
  }
}
