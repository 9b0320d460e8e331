import OAuthProtocol

/// Keeps upstream accounts. What a method decides, `RefreshLedger` decides, inside one transaction (invariant 4).
public protocol ConnectionStore: Sendable {
  /// The connection of that name, whatever its state.
  func connection(_ key: ConnectionKey) async throws(StoreError) -> UpstreamConnection?

  /// Connections, ordered by tenant, route and owner.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for all.
  ///   - owner: Whose within the tenant; `nil` for all.
  func connections(tenant: TenantID?, owner: ConnectionOwner?) async throws(StoreError) -> [UpstreamConnection]

  /// Stores the credential that an owner just brought, if the stored version still is the one it was sealed after.
  ///
  /// Its ledger has to be `RefreshLedger(after:)` of what the caller saw. Epochs go on from what is stored, whatever the
  /// caller saw.
  ///
  /// - Returns: Whether it was stored.
  func establishConnection(_ connection: UpstreamConnection) async throws(StoreError) -> Bool

  /// Writes down that a process is about to redeem a refresh token; durable before this returns.
  ///
  /// - Returns: What became of it, with the connection as it is then; `nil` where there is no such connection.
  func claimRefresh(
    of key: ConnectionKey, _ claim: RefreshClaim
  ) async throws(StoreError) -> (outcome: RefreshClaimOutcome, connection: UpstreamConnection)?

  /// Moves the end of a lease.
  ///
  /// - Returns: Whether it still is the caller's.
  func renewRefreshLease(of key: ConnectionKey, epoch: Int, until end: Timestamp) async throws(StoreError) -> Bool

  /// Stores what an exchange brought; durable before this returns. Without such a connection: `.superseded`.
  func commitRefreshedCredential(
    of key: ConnectionKey, _ renewal: CredentialRenewal
  ) async throws(StoreError) -> RefreshReportOutcome

  /// Notes that an exchange brought nothing. Never takes a credential away. Without such a connection: `.superseded`.
  func recordRefreshFailure(
    of key: ConnectionKey, _ failure: RefreshFailure
  ) async throws(StoreError) -> RefreshReportOutcome

  /// Notes that only the owner can help, if the version still is the one that was found wanting.
  ///
  /// - Returns: Whether it was noted.
  func requireReauthorization(
    of key: ConnectionKey, version: Int, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool

  /// Notes that a server takes a credential again that it refused before, if the version still is that one.
  ///
  /// - Returns: Whether there was something to note.
  func acceptCredential(of key: ConnectionKey, version: Int) async throws(StoreError) -> Bool

  /// Notes that a server wants more than was granted, as `UpstreamConnection.require` decides.
  ///
  /// - Returns: What to tell the caller; `nil` where there is no connection, or nothing to ask for.
  func requireScopes(
    _ wanted: ScopeSet, beyond version: Int, for key: ConnectionKey
  ) async throws(StoreError) -> ScopeDemand?

  /// Takes a connection away, and its credential with it.
  ///
  /// - Returns: Whether there was something to take.
  func revokeConnection(_ key: ConnectionKey, because reason: ConnectionReason) async throws(StoreError) -> Bool

  /// Connections that are due (`UpstreamConnection.isDue`), those that end first coming first.
  ///
  /// - Parameters:
  ///   - now: The time.
  ///   - limit: At most so many.
  func connectionsDue(at now: Timestamp, limit: Int) async throws(StoreError) -> [UpstreamConnection]

  /// What changed after a place in the order of all changes; of one connection only the last.
  func connectionChanges(after sequence: Int64, limit: Int) async throws(StoreError) -> [ConnectionChange]
}
