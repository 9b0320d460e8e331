import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `DelegationStore`.
  public func createDelegation(_ delegation: Delegation, capacity: Int) async throws(StoreError) -> Bool {
    try await write { database in
      let live = try database.count(
        """
        SELECT COUNT(*) FROM delegation
        WHERE tenant = :tenant AND user_id = :user AND revoked_at IS NULL AND expires_at > :now
        """,
        [
          "tenant": .id(delegation.tenant), "user": .id(delegation.user), "now": .time(delegation.createdAt),
        ])
      if live >= capacity { return false }
      try database.insert(delegation)
      return true
    }
  }

  /// See `DelegationStore`.
  public func delegation(_ id: DelegationID) async throws(StoreError) -> Delegation? {
    try await read { database in try database.delegation(id) }
  }

  /// See `DelegationStore`.
  public func delegations(_ filter: DelegationFilter) async throws(StoreError) -> [Delegation] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM delegation
        WHERE (:tenant IS NULL OR tenant = :tenant) AND (:user IS NULL OR user_id = :user)
          AND (:job IS NULL OR job = :job)
          AND (:live_at IS NULL OR (revoked_at IS NULL AND expires_at > :live_at))
        ORDER BY id
        """,
        [
          "tenant": .id(filter.tenant), "user": .id(filter.user), "job": .id(filter.job),
          "live_at": .time(filter.liveAt),
        ]
      ).map { try Delegation(row: $0) }
    }
  }

  /// See `DelegationStore`.
  public func revokeDelegations(_ ids: [DelegationID], at now: Timestamp) async throws(StoreError) -> [Revocation] {
    try await write { database in
      var rows: [Revocation] = []
      for id in ids {
        guard let delegation = try database.delegation(id), delegation.isLive(at: now) else { continue }
        rows.append(try database.end(delegation, at: now))
      }
      return rows
    }
  }

  /// See `DelegationStore`.
  public func withdrawServer(_ server: ServerName, leaving others: Set<ServerName>, at now: Timestamp)
    async throws(StoreError) -> ServerWithdrawal
  {
    try await write { database in
      var done = ServerWithdrawal()
      for row in try database.rows(
        "SELECT * FROM delegation WHERE revoked_at IS NULL AND expires_at > :now", ["now": .time(now)])
      {
        let delegation = try Delegation(row: row)
        guard delegation.servers.contains(server) else { continue }
        let rest = delegation.servers.subtracting([server])
        if rest.isEmpty {
          done.rows.append(try database.end(delegation, at: now))
          done.endedDelegations += 1
        } else {
          try database.run(
            "UPDATE delegation SET servers = :servers WHERE id = :id",
            ["id": .id(delegation.id), "servers": .texts(rest.sorted().map(\.string))])
          done.narrowed += 1
        }
      }
      try database.withdraw(server, others, at: now, into: &done)
      return done
    }
  }
}

extension Database {
  func delegation(_ id: DelegationID) throws -> Delegation? {
    try row("SELECT * FROM delegation WHERE id = :id", ["id": .id(id)]).map { try Delegation(row: $0) }
  }

  fileprivate func end(_ delegation: Delegation, at now: Timestamp) throws -> Revocation {
    try run("UPDATE delegation SET revoked_at = :now WHERE id = :id", ["id": .id(delegation.id), "now": .time(now)])
    let row = delegation.revocation(at: now)
    try insert(row)
    return row
  }

  fileprivate func withdraw(
    _ server: ServerName, _ others: Set<ServerName>, at now: Timestamp, into done: inout ServerWithdrawal
  ) throws {
    let keys = try rows(
      "SELECT * FROM api_key WHERE revoked_at IS NULL AND expires_at > :now", ["now": .time(now)]
    ).map { try APIKey(row: $0) }
    for key in keys where key.scope.admits(server: server) {
      let rest = (key.scope.servers ?? others).subtracting([server])
      if rest.isEmpty {
        try run("UPDATE api_key SET revoked_at = :now WHERE id = :id", ["id": .id(key.id), "now": .time(now)])
        let row = key.revocation(from: now, at: now)
        try insert(row)
        done.rows.append(row)
        done.endedKeys += 1
      } else {
        try run(
          "UPDATE api_key SET servers = :servers WHERE id = :id",
          ["id": .id(key.id), "servers": .texts(rest.sorted().map(\.string))])
        done.narrowed += 1
      }
    }
  }

  fileprivate func insert(_ delegation: Delegation) throws {
    try run(
      """
      INSERT INTO delegation (id, tenant, user_id, job, servers, tools, created_at, expires_at, revoked_at)
      VALUES (:id, :tenant, :user, :job, :servers, :tools, :created_at, :expires_at, :revoked_at)
      """,
      [
        "id": .id(delegation.id), "tenant": .id(delegation.tenant), "user": .id(delegation.user),
        "job": .id(delegation.job), "servers": .texts(delegation.servers.sorted().map(\.string)),
        "tools": delegation.tools.map { .texts($0.map(\.description)) } ?? .null,
        "created_at": .time(delegation.createdAt), "expires_at": .time(delegation.expiresAt),
        "revoked_at": .time(delegation.revokedAt),
      ])
  }
}

extension Delegation {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      id: try row.id("id"), tenant: try row.id("tenant"), user: try row.id("user_id"), job: try row.id("job"),
      servers: Set(try row.texts("servers").map { ServerName($0) }),
      tools: try row.optionalTexts("tools").map { $0.map { ToolPattern($0) } },
      createdAt: try row.time("created_at"), expiresAt: try row.time("expires_at"),
      revokedAt: try row.optionalTime("revoked_at"))
  }
}
