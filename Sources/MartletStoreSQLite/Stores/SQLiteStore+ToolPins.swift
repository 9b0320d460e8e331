import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `ToolPinStore`.
  public func observeTools(
    _ tools: [SeenTool], tenant: TenantID, route: RouteID, capacity: Int, at now: Timestamp
  ) async throws(StoreError) -> (pins: [ToolPin], noticed: [ByteString]) {
    try await write { database in
      let rows = try database.rows(
        "SELECT * FROM tool_pin WHERE tenant = :tenant AND route = :route",
        ["tenant": .id(tenant), "route": .route(route)])
      var known: [ByteString: ToolPin] = [:]
      for pin in try rows.map({ try $0.toolPin() }) { known[pin.tool] = pin }
      var noticed: [ByteString] = []
      for seen in tools {
        let (pin, isNoticed) = ToolPin.observing(
          seen, known[seen.tool], tenant: tenant, route: route, isFull: known.count >= capacity, at: now)
        guard let pin, pin != known[seen.tool] else { continue }
        try database.run(
          """
          INSERT OR REPLACE INTO tool_pin (tenant, route, tool, trusted, changed, first_seen_at, changed_at)
          VALUES (:tenant, :route, :tool, :trusted, :changed, :first_seen_at, :changed_at)
          """,
          [
            "tenant": .id(tenant), "route": .route(route), "tool": .text(seen.tool), "trusted": .bytes(pin.trusted),
            "changed": .bytes(pin.changed), "first_seen_at": .time(pin.firstSeenAt),
            "changed_at": .time(pin.changedAt),
          ])
        known[seen.tool] = pin
        if isNoticed { noticed.append(seen.tool) }
      }
      return (known.values.sorted { $0.tool < $1.tool }, noticed)
    }
  }

  /// See `ToolPinStore`.
  public func acceptTool(_ tool: ByteString, tenant: TenantID, route: RouteID, at now: Timestamp)
    async throws(StoreError) -> Bool
  {
    try await write { database in
      try database.changes(
        """
        UPDATE tool_pin SET trusted = changed, changed = NULL, changed_at = :now
        WHERE tenant = :tenant AND route = :route AND tool = :tool AND changed IS NOT NULL
        """,
        ["now": .time(now), "tenant": .id(tenant), "route": .route(route), "tool": .text(tool)])
    }
  }

  /// See `ToolPinStore`.
  public func toolPins(tenant: TenantID) async throws(StoreError) -> [ToolPin] {
    try await read { database in
      try database.rows(
        "SELECT * FROM tool_pin WHERE tenant = :tenant ORDER BY route, CAST(tool AS BLOB)", ["tenant": .id(tenant)]
      )
      .map { try $0.toolPin() }
    }
  }
}

extension Row {
  fileprivate func toolPin() throws(StoreError) -> ToolPin {
    ToolPin(
      tenant: try id("tenant"), route: try route("route"), tool: ByteString(try bytes("tool")),
      trusted: try optionalBytes("trusted"), changed: try optionalBytes("changed"),
      firstSeenAt: try time("first_seen_at"), changedAt: try optionalTime("changed_at"))
  }
}
