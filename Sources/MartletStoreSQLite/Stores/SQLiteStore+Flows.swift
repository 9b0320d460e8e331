import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuditStore`.
  public func auditEvents(flow: FlowID) async throws(StoreError) -> [AuditEvent] {
    try await read { database in
      try database.rows(
        "SELECT * FROM flow_event WHERE flow = :flow ORDER BY at, position",
        ["flow": .id(flow)]
      ).map { try AuditEvent(row: $0) }
    }
  }

  /// See `AuditStore`.
  public func flows(before flow: FlowID?, limit: Int) async throws(StoreError) -> [FlowSummary] {
    try await read { database in
      let flows = try database.rows(
        """
        SELECT flow, started_at, ended_at,
          (SELECT client FROM flow_event AS e WHERE e.flow = newest.flow AND client IS NOT NULL
            ORDER BY at, position LIMIT 1) AS client,
          (SELECT route FROM flow_event AS e WHERE e.flow = newest.flow AND route IS NOT NULL
            ORDER BY at, position LIMIT 1) AS route
        FROM (
          SELECT flow, MIN(at) AS started_at, MAX(at) AS ended_at, MIN(position) AS first
          FROM flow_event GROUP BY flow
          HAVING :before IS NULL OR (MIN(at), MIN(position)) <
            (SELECT MIN(at), MIN(position) FROM flow_event WHERE flow = :before)
          ORDER BY started_at DESC, first DESC LIMIT :limit) AS newest
        ORDER BY started_at DESC, first DESC
        """, ["before": .id(flow), "limit": .number(max(0, limit))])
      return try flows.map { row in try FlowSummary(row: row, actions: database.actions(of: row)) }
    }
  }
}

extension Database {
  fileprivate func actions(of flow: Row) throws -> [AuditAction] {
    try rows(
      """
      SELECT action, MIN(at) AS first_at, MIN(position) AS first FROM flow_event WHERE flow = :flow
      GROUP BY action ORDER BY first_at, first
      """, ["flow": flow["flow"]]
    ).map { row throws(StoreError) -> AuditAction in try row.value("action") }
  }
}

extension FlowSummary {
  fileprivate init(row: Row, actions: [AuditAction]) throws(StoreError) {
    self.init(
      flow: try row.id("flow"), startedAt: try row.time("started_at"), endedAt: try row.time("ended_at"),
      client: try row.optionalID("client"), route: try row.optionalText("route"), actions: actions)
  }
}
