import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `APIKeyStore`.
  public func apiKey(_ id: APIKeyID) async throws(StoreError) -> KnownAPIKey? {
    try await read { database in
      guard let row = try database.row("SELECT * FROM api_key WHERE id = :id", ["id": .id(id)]) else { return nil }
      let key = try APIKey(row: row)
      let delegation = try key.delegation.flatMap { try database.delegation($0) }
      return KnownAPIKey(
        key: key, owner: try key.owner.flatMap { try database.standing(of: $0) }, delegation: delegation,
        delegator: try delegation.flatMap { try database.standing(of: $0.user) },
        tenant: try database.state(of: key.tenant))
    }
  }

  /// See `APIKeyStore`.
  public func createAPIKey(_ key: APIKey) async throws(StoreError) -> Bool {
    try await write { database in
      let isTaken =
        try database.row(
          """
          SELECT 1 FROM api_key
          WHERE tenant = :tenant AND owner = :owner AND name = :name AND revoked_at IS NULL AND expires_at > :now
          """,
          [
            "tenant": .id(key.tenant), "owner": .owner(key.owner), "name": .text(key.name),
            "now": .time(key.createdAt),
          ]) != nil
      if !isTaken { try database.insert(key) }
      return !isTaken
    }
  }

  /// See `APIKeyStore`.
  public func rotateAPIKey(
    _ id: APIKeyID, to successor: APIKey, graceEnd: Timestamp
  ) async throws(StoreError) -> APIKeyRotation {
    let now = successor.createdAt
    return try await write { database in
      let live = try database.liveKeys(of: successor.series, at: now)
      guard let newest = live.first(where: { $0.id == id }), newest.rotatedAt == nil else { return .gone }
      var rows: [Revocation] = []
      for key in live {
        let end = key.id == id ? min(graceEnd, key.expiresAt) : now
        try database.run(
          "UPDATE api_key SET expires_at = :end, rotated_at = coalesce(rotated_at, :now) WHERE id = :id",
          ["id": .id(key.id), "end": .time(end), "now": .time(now)])
        rows.append(key.revocation(from: end, at: now))
      }
      try database.insert(successor)
      for row in rows { try database.insert(row) }
      return .rotated(rows)
    }
  }

  /// See `APIKeyStore`.
  public func revokeAPIKeys(_ series: [KeySeriesID], at now: Timestamp) async throws(StoreError) -> [Revocation] {
    try await write { database in
      var rows: [Revocation] = []
      for series in series {
        for key in try database.liveKeys(of: series, at: now) {
          try database.run(
            "UPDATE api_key SET revoked_at = :now WHERE id = :id", ["id": .id(key.id), "now": .time(now)])
          rows.append(key.revocation(from: now, at: now))
        }
      }
      for row in rows { try database.insert(row) }
      return rows
    }
  }

  /// See `APIKeyStore`.
  public func apiKeys(_ filter: APIKeyFilter) async throws(StoreError) -> [APIKey] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM api_key
        WHERE (:tenant IS NULL OR tenant = :tenant) AND (:owner IS NULL OR owner = :owner)
          AND (:name IS NULL OR name = :name) AND (:delegation IS NULL OR delegation = :delegation)
          AND (:after IS NULL OR id > :after)
          AND (:live_at IS NULL OR (revoked_at IS NULL AND expires_at > :live_at))
        ORDER BY id LIMIT :limit
        """,
        [
          "tenant": .id(filter.tenant), "owner": .id(filter.owner), "name": .text(filter.name),
          "after": .id(filter.after), "live_at": .time(filter.liveAt), "limit": .number(max(0, filter.limit)),
          "delegation": .id(filter.delegation),
        ]
      ).map { try APIKey(row: $0) }
    }
  }

  /// See `APIKeyStore`.
  public func noteAPIKeyUse(_ uses: [APIKeyID: Timestamp]) async throws(StoreError) {
    try await write { database in
      for (id, time) in uses {
        try database.run(
          "UPDATE api_key SET last_used_at = max(coalesce(last_used_at, :time), :time) WHERE id = :id",
          ["id": .id(id), "time": .time(time)])
      }
    }
  }

  /// See `APIKeyStore`.
  public func removeEndedAPIKeys(before time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "DELETE FROM api_key WHERE expires_at < :time OR revoked_at < :time", ["time": .time(time)])
      try database.run(
        "DELETE FROM delegation WHERE expires_at < :time OR revoked_at < :time", ["time": .time(time)])
    }
  }
}

extension DatabaseValue {
  fileprivate static func owner(_ owner: UserID?) -> DatabaseValue { owner.map { .id($0) } ?? .text("") }
}

extension Database {
  func liveKeys(of series: KeySeriesID, at now: Timestamp) throws -> [APIKey] {
    try rows(
      "SELECT * FROM api_key WHERE series = :series AND revoked_at IS NULL AND expires_at > :now ORDER BY id",
      ["series": .id(series), "now": .time(now)]
    ).map { try APIKey(row: $0) }
  }

  fileprivate func insert(_ key: APIKey) throws {
    let scope = key.scope
    try run(
      """
      INSERT INTO api_key (id, series, tenant, owner, name, digest, last_four, servers, tools, is_read_only, addresses,
        created_at, expires_at, rotated_at, revoked_at, last_used_at, delegation)
      VALUES (:id, :series, :tenant, :owner, :name, :digest, :last_four, :servers, :tools, :is_read_only, :addresses,
        :created_at, :expires_at, :rotated_at, :revoked_at, :last_used_at, :delegation)
      """,
      [
        "id": .id(key.id), "series": .id(key.series), "tenant": .id(key.tenant), "owner": .owner(key.owner),
        "name": .text(key.name), "digest": .digest(key.digest), "last_four": .text(key.lastFour),
        "servers": scope.servers.map { .texts($0.sorted().map(\.string)) } ?? .null,
        "tools": scope.tools.map { .texts($0.map(\.description)) } ?? .null, "is_read_only": .flag(scope.isReadOnly),
        "addresses": scope.addresses.map { .texts($0) } ?? .null, "created_at": .time(key.createdAt),
        "expires_at": .time(key.expiresAt), "rotated_at": .time(key.rotatedAt), "revoked_at": .time(key.revokedAt),
        "last_used_at": .time(key.lastUsedAt), "delegation": .id(key.delegation),
      ])
  }
}

extension APIKey {
  init(row: Row) throws(StoreError) {
    let owner: UserID = try row.id("owner")
    let scope = KeyScope(
      servers: try row.optionalTexts("servers").map { Set($0.map { ServerName($0) }) },
      tools: try row.optionalTexts("tools").map { $0.map { ToolPattern($0) } },
      isReadOnly: try row.flag("is_read_only"), addresses: try row.optionalTexts("addresses"))
    self.init(
      id: try row.id("id"), series: try row.id("series"), tenant: try row.id("tenant"),
      owner: owner.value.bytes.isEmpty ? nil : owner, name: try row.text("name"), digest: try row.digest("digest"),
      lastFour: try row.text("last_four"), scope: scope, createdAt: try row.time("created_at"),
      expiresAt: try row.time("expires_at"), rotatedAt: try row.optionalTime("rotated_at"),
      revokedAt: try row.optionalTime("revoked_at"), lastUsedAt: try row.optionalTime("last_used_at"),
      delegation: try row.optionalID("delegation"))
  }
}
