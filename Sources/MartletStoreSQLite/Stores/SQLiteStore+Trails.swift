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
    var isDone = false
    while !isDone, !Task.isCancelled {
      isDone = try await removeSomeAuditEvents(before: time, others, at: now, linkedBy: chain, step: Self.trimmedAtOnce)
    }
  }

  /// How many records of a trail are removed in one transaction, so that nobody waits for long who has to write meanwhile.
  private static let trimmedAtOnce: Int64 = 100_000

  /// - Returns: Whether that was all.
  package func removeSomeAuditEvents(
    before time: Timestamp, _ others: [TenantID: Timestamp], at now: Timestamp, linkedBy chain: AuditChain, step: Int64
  ) async throws(StoreError) -> Bool {
    try await write { database in
      try database.run("DELETE FROM audit_event WHERE sequence IS NULL AND at < :time", ["time": .time(time)])
      var writer = try TrailWriter(database, chain)
      var isDone = true
      for trail in try database.rows("SELECT * FROM audit_trail").map({ try AuditTrail(row: $0) }) {
        let end = trail.trimmed.sequence + step
        guard let last = try database.lastRecord(of: trail, before: others[trail.tenant] ?? time, through: end) else {
          continue
        }
        if last.sequence == end { isDone = false }
        let event = AuditEvent(at: now, action: .trailTrimmed, tenant: trail.tenant, target: String(last.sequence))
        try writer.append(AuditBatch([event]), CoreTurns(batch: 1))
        try database.trim(trail.tenant, through: last)
      }
      try writer.finish()
      return isDone
    }
  }
}

extension Database {
  /// The last of the records at the beginning of a trail that are all before a time, or of the first of them.
  fileprivate func lastRecord(
    of trail: AuditTrail, before time: Timestamp, through end: Int64
  ) throws -> AuditHead? {
    try row(
      """
      SELECT sequence, digest FROM audit_event WHERE tenant = :tenant AND sequence <= :through AND sequence < COALESCE(
        (SELECT sequence FROM audit_event WHERE tenant = :tenant AND sequence <= :through AND at >= :time
         ORDER BY sequence LIMIT 1), :end)
      ORDER BY sequence DESC LIMIT 1
      """,
      [
        "tenant": .id(trail.tenant), "time": .time(time), "end": Int64.max.databaseValue,
        "through": end.databaseValue,
      ]
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
