import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuditStore`.
  public func appendAuditBatch(_ batch: AuditBatch, linkedBy chain: AuditChain) async throws(StoreError) {
    try await write { database in
      var writer = try TrailWriter(database, chain)
      let turns = CoreTurns(batch: batch.count)
      try writer.append(batch, turns)
      turns.pass()
      try writer.finish()
      var tally = CallTally()
      tally.add(batch)
      turns.pass()
      try CallSumWriter(database: database).add(tally)
      turns.pass()
    }
  }

  /// See `AuditStore`.
  public func auditEvents(tenant: TenantID?, limit: Int) async throws(StoreError) -> [AuditEvent] {
    try await read { database in
      guard let tenant else {
        return try database.rows(
          "SELECT * FROM audit_event ORDER BY at DESC, position DESC LIMIT :limit", ["limit": .number(max(0, limit))]
        ).map { try AuditEvent(row: $0) }
      }
      return try database.rows(
        "SELECT * FROM audit_event WHERE tenant = :tenant ORDER BY at DESC, position DESC LIMIT :limit",
        ["tenant": .id(tenant), "limit": .number(max(0, limit))]
      ).map { try AuditEvent(row: $0) }
    }
  }

  /// See `AuditStore`.
  public func auditEvents(
    matching filter: AuditFilter, before position: Int64?, limit: Int
  ) async throws(StoreError) -> [PlacedEvent] {
    try await read { database in
      try database.rows(
        """
        SELECT * FROM audit_event WHERE (:tenant IS NULL OR tenant = :tenant) AND (:since IS NULL OR at >= :since)
          AND (:until IS NULL OR at < :until) AND (:subject IS NULL OR subject = :subject)
          AND (:client IS NULL OR client = :client) AND (:route IS NULL OR route = :route)
          AND (:action IS NULL OR action = :action) AND (:target IS NULL OR target = :target)
          AND (:position IS NULL OR position < :position)
        ORDER BY position DESC LIMIT :limit
        """,
        [
          "tenant": .id(filter.tenant), "since": .time(filter.since), "until": .time(filter.until),
          "subject": .text(filter.subject), "client": .id(filter.client), "route": .text(filter.route),
          "action": .text(filter.action?.rawValue), "target": .text(filter.target),
          "position": .number(position.map { Int($0) }), "limit": .number(max(0, limit)),
        ]
      ).map { PlacedEvent(position: try $0.number("position"), event: try AuditEvent(row: $0)) }
    }
  }
}

extension AuditEvent {
  init(row: Row) throws(StoreError) {
    self.init(
      at: try row.time("at"), action: try row.value("action"), tenant: try row.id("tenant"),
      flow: try row.optionalID("flow"), request: try row.optionalID("request"),
      subject: try row.optionalText("subject"), client: try row.optionalID("client"),
      route: try row.optionalText("route"), method: try row.optionalText("method"),
      target: try row.optionalText("target"), status: try row.optionalNumber("status").map { Int($0) },
      reason: try row.optionalText("reason"),
      duration: try row.optionalNumber("duration_ns").map { .nanoseconds($0) },
      address: try row.optionalText("address"), key: try row.optionalText("key_name"),
      trace: try row.optionalText("trace"))
  }
}
