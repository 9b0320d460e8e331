import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `ConnectionStore`.
  public func claimRefresh(
    of key: ConnectionKey, _ claim: RefreshClaim
  ) async throws(StoreError) -> (outcome: RefreshClaimOutcome, connection: UpstreamConnection)? {
    try await change(key) { connection in
      let outcome = connection.ledger.claim(claim)
      return (outcome, connection)
    }
  }

  /// See `ConnectionStore`.
  public func renewRefreshLease(
    of key: ConnectionKey, epoch: Int, until end: Timestamp
  ) async throws(StoreError) -> Bool {
    try await change(key) { $0.ledger.renew(epoch: epoch, until: end) } ?? false
  }

  /// See `ConnectionStore`.
  public func commitRefreshedCredential(
    of key: ConnectionKey, _ renewal: CredentialRenewal
  ) async throws(StoreError) -> RefreshReportOutcome {
    try await change(key) { $0.commit(renewal) } ?? .superseded
  }

  /// See `ConnectionStore`.
  public func recordRefreshFailure(
    of key: ConnectionKey, _ failure: RefreshFailure
  ) async throws(StoreError) -> RefreshReportOutcome {
    try await change(key) { $0.ledger.record(failure) } ?? .superseded
  }

  /// See `ConnectionStore`.
  public func connectionsDue(at now: Timestamp, limit: Int) async throws(StoreError) -> [UpstreamConnection] {
    try await read { database in
      // What it selects is a little more than what is due; the ledger has the word.
      let rows = try database.rows(
        """
        SELECT * FROM connection
        WHERE is_refreshable AND (retry_at IS NULL OR retry_at <= :now)
          AND ((lease_until IS NULL AND refresh_at <= :now) OR lease_until <= :now)
          AND (state IN ('active', 'refreshing', 'error') OR reason IN ('scope_missing', 'rejected'))
        ORDER BY expires_at, tenant, route, owner LIMIT :limit
        """,
        ["now": .time(now), "limit": .number(limit)])
      return try rows.map { try UpstreamConnection(row: $0) }.filter { $0.isDue(at: now) }
    }
  }

  /// See `DataKeyStore`.
  public func dataKeys(of tenant: TenantID) async throws(StoreError) -> [DataKey] {
    try await read { database in
      try database.rows("SELECT * FROM data_key WHERE tenant = :tenant ORDER BY position", ["tenant": .id(tenant)])
        .map { row in
          DataKey(
            name: try row.text("name"), tenant: try row.id("tenant"), sealedKey: try row.bytes("sealed_key"),
            createdAt: try row.time("created_at"))
        }
    }
  }

  /// See `DataKeyStore`.
  public func addDataKey(_ key: DataKey, ifNewestIs newest: String?) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        """
        INSERT INTO data_key (tenant, name, sealed_key, created_at)
        SELECT :tenant, :name, :key, :created_at
        WHERE (SELECT name FROM data_key WHERE tenant = :tenant ORDER BY position DESC LIMIT 1) IS :newest
          AND NOT EXISTS (SELECT 1 FROM tenant_state WHERE tenant = :tenant AND deleted_at IS NOT NULL)
        """,
        [
          "tenant": .id(key.tenant), "name": .text(key.name), "key": .bytes(key.sealedKey),
          "created_at": .time(key.createdAt), "newest": .text(newest),
        ])
    }
  }
}
