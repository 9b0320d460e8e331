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
      connectedAt: now, scopes: ScopeLedger(asked: ["read", "write", "admin"], missing: ["more"], repetitions: 2),
      resource: "https://up.example/mcp")
  }

  /// A user who is away to connect an account.
  public func pendingConnection(_ key: ConnectionKey? = nil) -> PendingConnection {
    PendingConnection(
      state: ArtefactKind.connectState.digest(ArtefactKind.connectState.mint(random)), key: key ?? connectionKey(),
      browser: ArtefactKind.browser.digest(ArtefactKind.browser.mint(random)), issuer: "https://as.example",
      clientID: name("client"), scope: ["read", "write"], resource: "https://up.example/mcp",
      sealedVerifier: random.bytes(80), expiresAt: now + .seconds(600))
  }

  /// A registration at an authorization server.
  public func upstreamRegistration() -> UpstreamRegistration {
    UpstreamRegistration(
      route: route, issuer: "https://as.example", clientID: name("client"), method: .clientSecretBasic,
      sealedSecret: random.bytes(60), redirectURI: "https://gw.example/connect/time/callback", scope: ["read"],
      registeredAt: now, expiresAt: now + .seconds(86_400))
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
