import GRDB
import MartletDomain
import OAuthProtocol
import StrictCoding

extension SQLiteStore {
  /// See `ConnectionStore`.
  public func connection(_ key: ConnectionKey) async throws(StoreError) -> UpstreamConnection? {
    try await read { database in try database.connection(key) }
  }

  /// See `ConnectionStore`.
  public func connections(tenant: TenantID?, owner: ConnectionOwner?) async throws(StoreError) -> [UpstreamConnection] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM connection
        WHERE (:tenant IS NULL OR tenant = :tenant) AND (:owner IS NULL OR owner = :owner)
        ORDER BY tenant, route, owner
        """,
        ["tenant": .id(tenant), "owner": owner.map { .text($0.stored) } ?? .null]
      ).map { try UpstreamConnection(row: $0) }
    }
  }

  /// See `ConnectionStore`.
  public func establishConnection(_ connection: UpstreamConnection) async throws(StoreError) -> Bool {
    try await write { database in
      let stored = try database.connection(connection.key)
      guard connection.ledger.version == (stored?.ledger.version ?? 0) + 1 else { return false }
      var connection = connection
      connection.ledger = connection.ledger.continuing(stored?.ledger)
      try database.save(connection)
      return true
    }
  }

  /// See `ConnectionStore`.
  public func requireReauthorization(
    of key: ConnectionKey, version: Int, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool {
    try await change(key) { $0.ledger.requireReauthorization(version: version, because: reason) } ?? false
  }

  /// See `ConnectionStore`.
  public func acceptCredential(of key: ConnectionKey, version: Int) async throws(StoreError) -> Bool {
    try await change(key) { $0.ledger.accept(version: version) } ?? false
  }

  /// See `ConnectionStore`.
  public func requireScopes(
    _ wanted: ScopeSet, beyond version: Int, for key: ConnectionKey
  ) async throws(StoreError) -> ScopeDemand? {
    try await change(key) { $0.require(wanted, beyond: version) } ?? nil
  }

  /// See `ConnectionStore`.
  public func revokeConnection(
    _ key: ConnectionKey, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool {
    try await change(key) { $0.revoke(because: reason) } ?? false
  }

  /// See `ConnectionStore`.
  public func connectionChanges(
    after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [ConnectionChange] {
    try await read { database in
      try database.rows(
        "SELECT * FROM connection WHERE change > :after ORDER BY change LIMIT :limit",
        ["after": sequence.databaseValue, "limit": .number(limit)]
      ).map { row in
        let connection = try UpstreamConnection(row: row)
        return ConnectionChange(
          sequence: try row.number("change"), key: connection.key, version: connection.ledger.version,
          isUsable: connection.ledger.isUsable)
      }
    }
  }

  /// Changes a connection in one transaction; a row that stays as it is isn't written.
  func change<Answer: Sendable>(
    _ key: ConnectionKey, _ body: @escaping @Sendable (inout UpstreamConnection) -> Answer
  ) async throws(StoreError) -> Answer? {
    try await write { database in
      guard let stored = try database.connection(key) else { return nil }
      var connection = stored
      let answer = body(&connection)
      if connection != stored { try database.save(connection) }
      return answer
    }
  }
}

extension DataKey {
  init(row: Row) throws(StoreError) {
    self.init(
      name: try row.text("name"), tenant: try row.id("tenant"), sealedKey: try row.bytes("sealed_key"),
      createdAt: try row.time("created_at"))
  }
}
