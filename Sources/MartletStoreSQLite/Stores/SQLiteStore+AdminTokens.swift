import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AdminTokenStore`.
  public func createAdminToken(_ token: AdminToken) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        INSERT INTO admin_token (id, tenant, role, digest, last_four, created_at, expires_at, revoked_at,
          idle_limit, last_used_at)
        VALUES (:id, :tenant, :role, :digest, :last_four, :created_at, :expires_at, :revoked_at, :idle_limit,
          :last_used_at)
        """,
        [
          "id": .id(token.id), "tenant": .id(token.tenant), "role": .value(token.role),
          "digest": .digest(token.digest), "last_four": .text(token.lastFour), "created_at": .time(token.createdAt),
          "expires_at": .time(token.expiresAt), "revoked_at": .time(token.revokedAt),
          "idle_limit": token.idleLimit?.milliseconds.databaseValue ?? .null,
          "last_used_at": .time(token.lastUsedAt),
        ])
    }
  }

  /// See `AdminTokenStore`.
  public func adminToken(_ id: AdminTokenID) async throws(StoreError) -> AdminToken? {
    try await read { database in
      let row = try database.row("SELECT * FROM admin_token WHERE id = :id", ["id": .id(id)])
      guard var token = try row.map({ try AdminToken(row: $0) }) else { return nil }
      // Where the tenant is closed, its administrators have ended too.
      if let tenant = token.tenant, try database.state(of: tenant) != .active { token.revokedAt = .distantPast }
      return token
    }
  }

  /// See `AdminTokenStore`.
  public func noteAdminTokenUse(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "UPDATE admin_token SET last_used_at = MAX(COALESCE(last_used_at, 0), :now) WHERE id = :id",
        ["id": .id(id), "now": .time(now)])
    }
  }

  /// See `AdminTokenStore`.
  public func revokeAdminToken(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        "UPDATE admin_token SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL AND expires_at > :now",
        ["id": .id(id), "now": .time(now)])
    }
  }

  /// See `AdminTokenStore`.
  public func adminTokens() async throws(StoreError) -> [AdminToken] {
    try await read { database in
      try database.rows("SELECT * FROM admin_token ORDER BY id").map { try AdminToken(row: $0) }
    }
  }

  /// See `AdminTokenStore`.
  public func removeEndedAdminTokens(before time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "DELETE FROM admin_token WHERE expires_at < :time OR revoked_at < :time", ["time": .time(time)])
    }
  }
}

extension AdminToken {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      id: try row.id("id"), role: try row.value("role"), tenant: try row.optionalID("tenant"),
      digest: try row.digest("digest"), lastFour: try row.text("last_four"), createdAt: try row.time("created_at"),
      expiresAt: try row.time("expires_at"), revokedAt: try row.optionalTime("revoked_at"),
      idleLimit: try row.optionalNumber("idle_limit").map { .milliseconds($0) },
      lastUsedAt: try row.optionalTime("last_used_at"))
  }
}
