import MartletDomain
import OAuthProtocol

/// Takes tokens away: refresh families in the store, access tokens by a row of the revocation table that every process
/// follows.
///
/// Families go first and the row second, so that no refresh in between leaves a token that the row doesn't cover.
public struct Revoker: Sendable {
  private let refreshTokens: any RefreshTokenStore
  private let revocations: any RevocationStore
  private let index: RevocationIndex
  private let clock: any WallClock
  private let audit: any AuditSink

  /// Makes a revoker.
  ///
  /// - Parameters:
  ///   - refreshTokens: Where families are kept.
  ///   - revocations: The table that every process follows.
  ///   - index: What this process knows of the table; updated at once.
  ///   - clock: The time of day.
  ///   - audit: Takes `token.revoked` before anything happens, and `token.reused`.
  public init(
    refreshTokens: any RefreshTokenStore, revocations: any RevocationStore, index: RevocationIndex,
    clock: any WallClock, audit: any AuditSink
  ) {
    self.refreshTokens = refreshTokens
    self.revocations = revocations
    self.index = index
    self.clock = clock
    self.audit = audit
  }

  /// Revokes tokens; the record is durable before the effect.
  ///
  /// - Parameters:
  ///   - target: One access token, a grant, a user or a client.
  ///   - event: Who asked and why; its time and action are set here.
  /// - Returns: The grants that ended now.
  /// - Throws: `StoreError`; calling again is safe.
  @discardableResult
  public func revoke(_ target: RevocationTarget, event: AuditEvent) async throws(StoreError) -> [GrantID] {
    var record = event
    record.at = clock.now()
    record.action = .tokenRevoked
    record.target = record.target ?? Self.name(of: target)
    try await audit.recordDurably(record)
    let ended = try await refreshTokens.revokeFamilies(target, at: clock.now())
    try await append(target)
    return ended
  }

  /// Ends the access tokens of a grant whose family the store has just revoked itself, because a spent credential came
  /// back.
  func cutOff(
    _ target: RevocationTarget, tenant: TenantID, for request: TokenRequest, reason: String, flow: FlowID
  ) async {
    recordReuse(tenant: tenant, for: request, reason: reason, flow: flow)
    // The family is gone for good, so nothing asks again: try more than once, and leave a trace if all fails.
    for _ in 0..<3 {
      do {
        return try await append(target)
      } catch {
        continue
      }
    }
    recordReuse(tenant: tenant, for: request, reason: "revocation_not_stored", flow: flow)
  }

  func recordReuse(tenant: TenantID, for request: TokenRequest, reason: String, flow: FlowID) {
    audit.record(
      AuditEvent(
        at: request.now, action: .tokenReused, tenant: tenant, flow: flow, request: request.id,
        client: request.client.id, reason: reason, address: request.address))
  }

  private func append(_ target: RevocationTarget) async throws(StoreError) {
    let now = clock.now()
    let issuedUntil: Timestamp =
      switch target {
      // Nothing of these is ever issued again, so clocks of several processes needn't agree.
      case .accessToken, .grant: .distantFuture
      case .user, .client, .tenant, .route: now
      }
    let row = Revocation(target: target, issuedUntil: issuedUntil, expiresAt: now + Revocation.coverage)
    index.apply(row)
    try await revocations.appendRevocations([row])
  }

  private static func name(of target: RevocationTarget) -> String {
    switch target {
    case .accessToken: "access_token"
    case .grant(let grant): "grant:\(grant)"
    case .user(_, let user): "user:\(user)"
    case .client(let client): "client:\(client)"
    case .tenant(let tenant): "tenant:\(tenant)"
    case .route(let route): "route:\(route)"
    }
  }
}
