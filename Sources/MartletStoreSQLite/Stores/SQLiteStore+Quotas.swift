import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `QuotaStore`.
  public func takeQuota(_ key: QuotaKey, wanted: Int, of quota: Int) async throws(StoreError) -> Int {
    try await write { database in
      let taken = try database.taken(key)
      let part = min(max(0, wanted), max(0, quota - taken))
      guard part > 0 else { return 0 }
      try database.run(
        """
        INSERT INTO quota_use (tenant, day, quota, digest, taken) VALUES (:tenant, :day, :quota, :digest, :part)
        ON CONFLICT DO UPDATE SET taken = taken + :part
        """, key.place.merging(["part": .number(part)]) { $1 })
      return part
    }
  }

  /// See `QuotaStore`.
  public func returnQuota(_ unused: [QuotaKey: Int]) async throws(StoreError) {
    try await write { database in
      for (key, part) in unused where part > 0 {
        try database.run(
          """
          UPDATE quota_use SET taken = max(0, taken - :part)
          WHERE tenant = :tenant AND day = :day AND quota = :quota AND digest = :digest
          """, key.place.merging(["part": .number(part)]) { $1 })
      }
    }
  }

  /// See `QuotaStore`.
  public func takenQuota(_ key: QuotaKey) async throws(StoreError) -> Int {
    try await read { database in try database.taken(key) }
  }

  /// See `QuotaStore`.
  public func removeQuotas(before day: Int64) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM quota_use WHERE day < :day", ["day": day.databaseValue])
    }
  }
}

extension QuotaKey {
  fileprivate var place: [String: DatabaseValue] {
    ["tenant": .id(tenant), "day": day.databaseValue, "quota": .text(limit), "digest": .bytes(digest)]
  }
}

extension Database {
  fileprivate func taken(_ key: QuotaKey) throws -> Int {
    try count(
      """
      SELECT coalesce(sum(taken), 0) FROM quota_use
      WHERE tenant = :tenant AND day = :day AND quota = :quota AND digest = :digest
      """, key.place)
  }
}
