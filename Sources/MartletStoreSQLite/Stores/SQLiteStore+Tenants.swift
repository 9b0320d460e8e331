import GRDB
import MartletDomain

extension SQLiteStore {
  /// What stays when a tenant goes: the trail with its head and its sinks' places, what ended, and that it has gone.
  private static let lasting: Set<String> = [
    "audit_event", "audit_trail", "trail_cursor", "revocation", "tenant_state",
  ]

  /// See `TenantStore`.
  public func tenantStates() async throws(StoreError) -> [TenantID: TenantState] {
    try await read { database in
      var found: [TenantID: TenantState] = [:]
      for row in try database.rows("SELECT * FROM tenant_state") {
        found[try row.id("tenant")] = try TenantState(row: row)
      }
      return found.filter { $0.value != .active }
    }
  }

  /// See `TenantStore`.
  public func tenantState(_ tenant: TenantID) async throws(StoreError) -> TenantState {
    try await read { database in try database.state(of: tenant) }
  }

  /// See `TenantStore`.
  public func setTenantState(_ tenant: TenantID, _ state: TenantState, at now: Timestamp)
    async throws(StoreError) -> Bool
  {
    try await write { database in
      let known = try database.state(of: tenant)
      guard known != .deleted else { return state == .deleted }
      try database.run(
        """
        INSERT INTO tenant_state VALUES (:tenant, :suspended, :deleted)
        ON CONFLICT (tenant) DO UPDATE SET suspended_at = excluded.suspended_at, deleted_at = excluded.deleted_at
        """,
        [
          "tenant": .id(tenant), "suspended": state == .suspended ? .time(now) : .null,
          "deleted": state == .deleted ? .time(now) : .null,
        ])
      return true
    }
  }

  /// See `TenantStore`.
  public func tenants() async throws(StoreError) -> Set<TenantID> {
    try await read { database in
      var found: Set<TenantID> = []
      for table in try database.tenantTables(but: Self.lasting.subtracting(["tenant_state"])) {
        let rows = try Row.fetchAll(
          database, sql: "SELECT DISTINCT tenant FROM \(table) WHERE tenant IS NOT NULL")
        for row in rows { found.insert(try row.id("tenant")) }
      }
      return found
    }
  }

  /// See `TenantStore`.
  public func purgeTenant(_ tenant: TenantID) async throws(StoreError) -> Int {
    do {
      return try await pool.writeWithoutTransaction { database in
        // What was there is overwritten, also in pages that become free.
        try database.execute(sql: "PRAGMA secure_delete = ON")
        defer { try? database.execute(sql: "PRAGMA secure_delete = OFF") }
        var gone = 0
        try database.inTransaction(.immediate) {
          guard try database.state(of: tenant) == .deleted else { return .rollback }
          for table in try database.tenantTables(but: Self.lasting) {
            try database.execute(
              sql: "DELETE FROM \(table) WHERE tenant = :tenant",
              arguments: ["tenant": DatabaseValue.id(tenant)])
            gone += database.changesCount
          }
          return .commit
        }
        // The journal still holds the pages as they were.
        _ = try? database.checkpoint(.truncate)
        return gone
      }
    } catch {
      throw StoreError(translating: error)
    }
  }
}

extension Database {
  /// Every table that has a tenant's rows, data keys first: one that is added goes with its tenant, unless it is named.
  fileprivate func tenantTables(but lasting: Set<String>) throws -> [String] {
    try String.fetchAll(
      self,
      sql: """
        SELECT name FROM sqlite_master AS found
        WHERE type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(found.name) WHERE name = 'tenant')
        ORDER BY name <> 'data_key', name
        """
    ).filter { !lasting.contains($0) }
  }

  func state(of tenant: TenantID) throws -> TenantState {
    try row("SELECT * FROM tenant_state WHERE tenant = :tenant", ["tenant": .id(tenant)])
      .map { try TenantState(row: $0) } ?? .active
  }
}

extension TenantState {
  fileprivate init(row: Row) throws(StoreError) {
    if try row.optionalTime("deleted_at") != nil {
      self = .deleted
    } else {
      self = try row.optionalTime("suspended_at") == nil ? .active : .suspended
    }
  }
}
