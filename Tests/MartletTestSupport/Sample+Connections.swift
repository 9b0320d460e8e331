import MartletDomain
import OAuthProtocol

extension Sample {
  /// The name of a connection that nobody has.
  public func connectionKey(tenant: TenantID = .default) -> ConnectionKey {
    ConnectionKey(tenant: tenant, route: route, owner: .user(UserID(name("user"))))
  }

  /// A connection whose access token lives for an hour.
  public func connection(_ key: ConnectionKey? = nil, after previous: RefreshLedger? = nil) -> UpstreamConnection {
    UpstreamConnection(
      key: key ?? connectionKey(), ledger: RefreshLedger(after: previous, isRefreshable: true),
      issuer: "https://as.example", clientID: name("client"), scope: ["read", "write"],
      sealedCredential: random.bytes(80), expiresAt: now + .seconds(3600), refreshAt: now + .seconds(3300),
      connectedAt: now)
  }

  /// A claim by some process.
  public func claim(version: Int, at now: Timestamp, lease: Duration = .seconds(15)) -> RefreshClaim {
    RefreshClaim(version: version, node: NodeID(random), now: now, lease: lease)
  }

  /// New tokens for a version.
  public func renewal(of version: Int, epoch: Int, at now: Timestamp, scope: ScopeSet? = nil) -> CredentialRenewal {
    CredentialRenewal(
      success: RefreshSuccess(version: version, epoch: epoch, isRefreshable: true, now: now),
      sealedCredential: random.bytes(80), scope: scope, expiresAt: now + .seconds(3600),
      refreshAt: now + .seconds(3300))
  }

  /// A failure that may pass.
  public func outage(of version: Int, epoch: Int, at now: Timestamp, retryAfter: Duration) -> RefreshFailure {
    RefreshFailure(
      version: version, epoch: epoch,
      cause: .passing(.issuerUnavailable, mayBeSpent: true, retryAt: now + retryAfter), now: now)
  }

  /// A data key.
  public func dataKey(of tenant: TenantID) -> DataKey {
    DataKey(name: name("key"), tenant: tenant, sealedKey: random.bytes(69), createdAt: now)
  }
}
