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
  let redeemer: CodeRedeemer

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
    let code = OneTimeCode(
      name: "device code", tenant: found.tenant, user: found.user, client: request.client.id, route: found.route,
      scope: found.device.scope, grant: found.grant, flow: found.device.flow)
    return try await redeemer.redeem(code, under: permit, for: request) { family, refresh throws(StoreError) in
      try await store.redeemDeviceAuthorization(found.digest, beginning: family, with: refresh, at: request.now)
    }
  }

  private static func unknown(_ reason: String) -> OAuthError {
    OAuthError(.invalidGrant, "the device code is unknown", reason: reason)
  }
}
