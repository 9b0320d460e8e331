import MartletDomain
import OAuthProtocol

/// Turns a one-time code into the first tokens of a family; a code that comes back ends what it began.
///
/// Conforms to: RFC 6749 §4.1.2, §10.5; RFC 9700 §4.5.
struct CodeRedeemer: Sendable {
  let issuance: GrantIssuance
  let revoker: Revoker

  /// Issues, then spends the code; nothing leaves unless the code was still there.
  ///
  /// - Parameter spend: Spends the code and begins the family, in one transaction.
  func redeem(
    _ code: OneTimeCode, under permit: GrantPermit, for request: TokenRequest,
    spend: (RefreshFamily, RefreshToken) async throws(StoreError) -> CodeRedemption
  ) async throws(OAuthError) -> TokenReply {
    try await issuance.noteUse(of: request.client, at: request.now)
    let family = RefreshFamily(
      grant: code.grant, tenant: code.tenant, user: code.user, client: code.client, route: code.route,
      scope: code.scope, flow: code.flow, createdAt: request.now,
      expiresAt: request.now + issuance.settings().tokens.refreshFamilyLifetime)
    // By policy, not by scope or registered grants: many clients never ask and all depend on it (T3, §7.9).
    let refresh = issuance.refreshToken(grant: code.grant, generation: 1, familyEnd: family.expiresAt, at: request.now)
    let body = try issuance.reply(permit, grant: code.grant, flow: code.flow, refresh: refresh, at: request.now)
    let redemption: CodeRedemption
    do throws(StoreError) {
      redemption = try await spend(family, refresh.record)
    } catch {
      throw OAuthError.unavailable(error)
    }
    switch redemption {
    case .redeemed: return TokenReply(body: body, action: .tokenIssued)
    case .gone: throw OAuthError(.invalidGrant, "the \(code.name) is unknown or has expired", reason: "gone meanwhile")
    case .alreadyRedeemed(let grant):
      let reason = code.name.split(separator: " ").joined(separator: "_") + "_reused"
      await revoker.cutOff(.grant(grant), tenant: code.tenant, for: request, reason: reason, flow: code.flow)
      throw OAuthError(
        .invalidGrant, "the \(code.name) was used before; its tokens are revoked", reason: "\(code.name) reused")
    }
  }
}
