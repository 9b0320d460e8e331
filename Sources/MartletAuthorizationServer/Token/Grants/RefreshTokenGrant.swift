import MartletDomain
import OAuthProtocol
import StrictCoding

/// Exchanges a refresh token for its one successor.
///
/// Until the successor is used or the window ends, the predecessor is answered with the very same response: clients
/// lose answers, and several processes of one client share a token (T5; security-checks §4.1). After that
/// `tokens.reuse` decides (T6).
///
/// Conforms to: RFC 6749 §6; OAuth 2.1 §4.3.1; RFC 9700 §4.14; MCP 2026-07-28 Authorization, Refresh Tokens.
struct RefreshTokenGrant: Grant {
  let type = GrantType.refreshToken
  let store: any RefreshTokenStore
  let issuance: GrantIssuance
  let sealer: Sealer
  let revoker: Revoker

  func find(_ request: TokenRequest) async throws(OAuthError) -> GrantOffer<KnownRefreshToken> {
    let presented = try request.form.required("refresh_token")
    guard let digest = ArtefactKind.refreshToken.digest(presented.utf8) else {
      throw Self.invalid("not a refresh token")
    }
    let found: KnownRefreshToken?
    do {
      found = try await store.refreshToken(digest)
    } catch {
      throw OAuthError.unavailable(error)
    }
    guard let known = found else { throw Self.invalid("no such token") }
    // Another client's token: no effect at all, or anyone who saw one could end its family (V-050g).
    guard known.family.client == request.client.id else { throw Self.invalid("another client's token") }
    guard known.family.revokedAt == nil else { throw Self.invalid("family is revoked") }
    let family = known.family
    return GrantOffer(
      evidence: known, subject: .user(family.tenant, family.user), route: family.route, scope: family.scope,
      grant: family.grant, flow: family.flow)
  }

  func redeem(
    _ offer: GrantOffer<KnownRefreshToken>, under permit: GrantPermit, for request: TokenRequest
  ) async throws(OAuthError) -> TokenReply {
    let known = offer.evidence
    let family = known.family
    let successor = issuance.refreshToken(
      grant: family.grant, generation: known.token.generation + 1, familyEnd: family.expiresAt, at: request.now)
    let body = try issuance.reply(permit, grant: family.grant, flow: family.flow, refresh: successor, at: request.now)
    let place = SealContext(
      tenant: family.tenant, record: "refresh_reply", id: known.token.digest.bytes, column: "reply")
    let outcome: RefreshRotationOutcome
    do {
      let tokens = issuance.settings().tokens
      outcome = try await store.rotateRefreshToken(
        RefreshRotation(
          presented: known.token.digest, client: request.client.id, successor: successor.record,
          sealedReply: try sealer.seal(body, in: place), replayWindow: tokens.replayWindow, reuse: tokens.reuse,
          now: request.now))
    } catch {
      throw OAuthError.unavailable("rotation: \(error)")
    }
    switch outcome {
    case .rotated: return TokenReply(body: body, action: .tokenRefreshed)
    case .replayed(let sealed, _):
      return TokenReply(body: try open(sealed, place), action: .tokenRefreshed, reason: "replayed")
    case .unknown: throw Self.invalid("gone meanwhile")
    case .revoked: throw Self.invalid("family is revoked")
    case .expired: throw Self.invalid("expired")
    case .reused(let grant, let familyRevoked):
      await noteReuse(of: grant, familyRevoked: familyRevoked, family, request)
      throw OAuthError(
        .invalidGrant,
        familyRevoked
          ? "the refresh token was used before; its grant is revoked, please log in again"
          : "the refresh token was used before; use its successor", reason: "refresh token reused")
    }
  }

  private func open(_ sealed: [UInt8], _ place: SealContext) throws(OAuthError) -> [UInt8] {
    do {
      return try sealer.open(sealed, in: place)
    } catch {
      // The client's token is good; that we can't read our own record is no reason to take it away.
      throw OAuthError.unavailable("replay record: \(error)")
    }
  }

  private func noteReuse(
    of grant: GrantID, familyRevoked: Bool, _ family: RefreshFamily, _ request: TokenRequest
  ) async {
    if familyRevoked {
      await revoker.cutOff(
        .grant(grant), tenant: family.tenant, for: request, reason: "refresh_token_reused", flow: family.flow)
    } else {
      revoker.recordReuse(tenant: family.tenant, for: request, reason: "refresh_token_refused", flow: family.flow)
    }
  }

  private static func invalid(_ reason: String) -> OAuthError {
    OAuthError(.invalidGrant, "the refresh token is unknown, expired or revoked", reason: reason)
  }
}
