import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `TrailCursorStore`.
  public func auditRecords(
    afterPosition position: Int64, limit: Int
  ) async throws(StoreError) -> [PlacedRecord] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM audit_event WHERE position > :position AND sequence IS NOT NULL ORDER BY position LIMIT :limit
        """, ["position": position.databaseValue, "limit": .number(max(0, limit))]
      ).map { row in
        PlacedRecord(
          position: try row.number("position"),
          record: AuditRecord(head: try row.head("sequence", "digest"), event: try? AuditEvent(row: row)))
      }
    }
  }

  /// See `TrailCursorStore`.
  public func lastAuditPosition() async throws(StoreError) -> Int64 {
    try await read { database in try database.lastAuditPosition() }
  }

  /// See `TrailCursorStore`.
  public func holdTrailCursor(
    _ sink: String, by holder: String, at now: Timestamp, until end: Timestamp
  ) async throws(StoreError) -> Int64? {
    try await write { database in
      let row = try database.row(
        """
        INSERT INTO trail_cursor (sink, position, holder, held_until) VALUES (:sink, :last, :holder, :end)
        ON CONFLICT (sink) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
          WHERE holder = excluded.holder OR held_until <= :now
        RETURNING position
        """,
        [
          "sink": .text(sink), "last": try database.lastAuditPosition().databaseValue, "holder": .text(holder),
          "now": .time(now), "end": .time(end),
        ])
      return try row?.number("position")
    }
  }

  /// See `TrailCursorStore`.
  public func advanceTrailCursor(
    _ sink: String, by holder: String, to position: Int64
  ) async throws(StoreError) -> Bool {
    try await write { database in
      try database.changes(
        "UPDATE trail_cursor SET position = :position WHERE sink = :sink AND holder = :holder",
        ["sink": .text(sink), "holder": .text(holder), "position": position.databaseValue])
    }
  }

  /// See `TrailCursorStore`.
  public func releaseTrailCursor(_ sink: String, by holder: String) async throws(StoreError) {
    try await write { database in
      try database.run(
        "UPDATE trail_cursor SET held_until = 0 WHERE sink = :sink AND holder = :holder",
        ["sink": .text(sink), "holder": .text(holder)])
    }
  }
}

extension Database {
  /// What was removed counts too: numbers are never given out again.
  fileprivate func lastAuditPosition() throws -> Int64 {
    try Int64.fetchOne(self, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'audit_event'") ?? 0
  }
}
