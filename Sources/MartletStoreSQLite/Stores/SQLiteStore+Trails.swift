import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuditStore`.
  public func auditTrails() async throws(StoreError) -> [AuditTrail] {
    try await read { database in
      try database.rows("SELECT * FROM audit_trail ORDER BY tenant").map { try AuditTrail(row: $0) }
    }
  }

  /// See `AuditStore`.
  public func auditRecords(
    of tenant: TenantID, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [AuditRecord] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM audit_event WHERE tenant = :tenant AND sequence > :sequence ORDER BY sequence, position
        LIMIT :limit
        """,
        ["tenant": .id(tenant), "sequence": sequence.databaseValue, "limit": .number(max(0, limit))]
      ).map { AuditRecord(head: try $0.head("sequence", "digest"), event: try? AuditEvent(row: $0)) }
    }
  }

  /// See `AuditStore`.
  public func removeAuditEvents(
    before time: Timestamp, _ others: [TenantID: Timestamp], at now: Timestamp, linkedBy chain: AuditChain
  ) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM audit_event WHERE sequence IS NULL AND at < :time", ["time": .time(time)])
      var writer = try TrailWriter(database, chain)
      for trail in try database.rows("SELECT * FROM audit_trail").map({ try AuditTrail(row: $0) }) {
        guard let last = try database.lastRecord(of: trail, before: others[trail.tenant] ?? time) else { continue }
        let event = AuditEvent(at: now, action: .trailTrimmed, tenant: trail.tenant, target: String(last.sequence))
        try writer.append(AuditBatch([event]), CoreTurns(batch: 1))
        try database.trim(trail.tenant, through: last)
      }
      try writer.finish()
    }
  }
}

extension Database {
  /// The last of the records at the beginning of a trail that are all before a time.
  fileprivate func lastRecord(of trail: AuditTrail, before time: Timestamp) throws -> AuditHead? {
    try row(
      """
      SELECT sequence, digest FROM audit_event WHERE tenant = :tenant AND sequence < COALESCE(
        (SELECT sequence FROM audit_event WHERE tenant = :tenant AND sequence IS NOT NULL AND at >= :time
         ORDER BY sequence LIMIT 1), :end)
      ORDER BY sequence DESC LIMIT 1
      """,
      ["tenant": .id(trail.tenant), "time": .time(time), "end": Int64.max.databaseValue]
    ).map { try $0.head("sequence", "digest") }
  }

  fileprivate func trim(_ tenant: TenantID, through last: AuditHead) throws {
    try run(
      "DELETE FROM audit_event WHERE tenant = :tenant AND sequence <= :last",
      ["tenant": .id(tenant), "last": last.sequence.databaseValue])
    try run(
      "UPDATE audit_trail SET trimmed_sequence = :last, trimmed_digest = :digest WHERE tenant = :tenant",
      ["tenant": .id(tenant), "last": last.sequence.databaseValue, "digest": .bytes(last.digest)])
  }
}

extension AuditTrail {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      tenant: try row.id("tenant"), head: try row.head("sequence", "digest"),
      trimmed: try row.head("trimmed_sequence", "trimmed_digest"))
  }
}
