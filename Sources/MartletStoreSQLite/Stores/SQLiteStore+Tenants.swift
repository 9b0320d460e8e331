import GRDB
import MartletDomain

extension SQLiteStore {
  /// Every table whose rows are a tenant's; the trail, its head and the revocation table stay when a tenant goes.
  static let tenantTables = [
    "data_key", "connection", "pending_connection", "connect_ticket", "upstream_registration", "refresh_token",
    "refresh_family", "authorization_code", "device_authorization", "consent", "login_session", "federated_login",
    "mcp_session", "api_key", "admin_token", "delegation", "tool_pin", "client", "idempotent_answer", "user_account",
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
      for table in Self.tenantTables + ["tenant_state"] {
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
          for table in Self.tenantTables {
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
