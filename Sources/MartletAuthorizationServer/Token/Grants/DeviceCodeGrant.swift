import MartletDomain
import OAuthProtocol

/// Redeems a device code, exactly once, after its user has agreed.
///
/// Conforms to: RFC 8628 §3.4, §3.5. Asking too early costs 5 s more from then on; a code that comes back after it was
/// redeemed ends what it began, as an authorization code does (RFC 6749 §10.5).
struct DeviceCodeGrant: Grant {
  /// An allowed device.
  struct Evidence: Sendable {
    let device: DeviceAuthorization
    let digest: ArtefactDigest
    let tenant: TenantID
    let user: UserID
    let route: RouteID
    let grant: GrantID
  }

  let type = GrantType.deviceCode
  let store: any DeviceAuthorizationStore
  let issuance: GrantIssuance
  let revoker: Revoker

  /// Finds what is presented; that the program asked, and when, is noted.
  func find(_ request: TokenRequest) async throws(OAuthError) -> GrantOffer<Evidence> {
    let presented = try request.form.required("device_code")
    guard let digest = ArtefactKind.deviceCode.digest(presented.utf8) else { throw Self.unknown("not a device code") }
    let poll: DevicePoll
    do {
      poll = try await store.pollDeviceAuthorization(digest, by: request.client.id, at: request.now)
    } catch {
      throw OAuthError.unavailable(error)
    }
    switch poll {
    case .unknown: throw Self.unknown("no such code")
    case .expired: throw OAuthError(.expiredToken, "nobody decided in time; begin again")
    case .pending: throw OAuthError(.authorizationPending, "the user has not decided yet")
    case .tooFast: throw OAuthError(.slowDown, "wait 5 seconds longer between questions from now on")
    case .decided(_, .denied): throw OAuthError(.accessDenied, "the user refused")
    case .decided(let device, .allowed(let tenant, let user, let route, let grant)):
      return GrantOffer(
        evidence: Evidence(device: device, digest: digest, tenant: tenant, user: user, route: route, grant: grant),
        subject: .user(tenant, user), route: route, scope: device.scope, grant: grant, flow: device.flow)
    }
  }

  func redeem(
    _ offer: GrantOffer<Evidence>, under permit: GrantPermit, for request: TokenRequest
  ) async throws(OAuthError) -> TokenReply {
    let found = offer.evidence
    try await issuance.noteUse(of: request.client, at: request.now)
    let family = RefreshFamily(
      grant: found.grant, tenant: found.tenant, user: found.user, client: request.client.id, route: found.route,
      scope: found.device.scope, flow: found.device.flow, createdAt: request.now,
      expiresAt: request.now + issuance.settings().tokens.refreshFamilyLifetime)
    let refresh = issuance.refreshToken(
      grant: found.grant, generation: 1, familyEnd: family.expiresAt, at: request.now)
    let body = try issuance.reply(
      permit, grant: found.grant, flow: found.device.flow, refresh: refresh, at: request.now)
    let redemption: CodeRedemption
    do {
      redemption = try await store.redeemDeviceAuthorization(
        found.digest, beginning: family, with: refresh.record, at: request.now)
    } catch {
      throw OAuthError.unavailable(error)
    }
    switch redemption {
    case .redeemed: return TokenReply(body: body, action: .tokenIssued)
    case .gone: throw Self.unknown("gone meanwhile")
    case .alreadyRedeemed(let grant):
      await revoker.cutOff(
        .grant(grant), tenant: found.tenant, for: request, reason: "device_code_reused", flow: found.device.flow)
      throw OAuthError(
        .invalidGrant, "the device code was used before; its tokens are revoked", reason: "device code reused")
    }
  }

  private static func unknown(_ reason: String) -> OAuthError {
    OAuthError(.invalidGrant, "the device code is unknown", reason: reason)
  }
}
