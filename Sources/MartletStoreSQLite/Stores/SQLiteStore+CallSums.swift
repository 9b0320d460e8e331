import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `CallSumStore`.
  public static let mostCallKeys = 1_000

  /// See `CallSumStore`.
  public func callSums(_ query: CallSumQuery) async throws(StoreError) -> [CallSum] {
    try await read { database in
      try database.rows(
        """
        SELECT CASE WHEN :by_tenant THEN tenant ELSE '' END AS tenant,
          CASE WHEN :step > 0 THEN start - start % :step ELSE :since END AS start,
          CASE WHEN :by_server THEN route ELSE '' END AS route, CASE WHEN :by_tool THEN tool ELSE '' END AS tool,
          CASE WHEN :by_client THEN client ELSE '' END AS client, SUM(calls) AS calls, SUM(refused) AS refused,
          SUM(failed) AS failed, SUM(timed) AS timed, SUM(took_us) AS took_us, SUM(b0) AS b0, SUM(b1) AS b1,
          SUM(b2) AS b2, SUM(b3) AS b3, SUM(b4) AS b4, SUM(b5) AS b5, SUM(b6) AS b6, SUM(b7) AS b7, SUM(b8) AS b8,
          SUM(b9) AS b9, SUM(b10) AS b10, SUM(b11) AS b11, SUM(b12) AS b12
        FROM call_sum
        WHERE start >= :since AND start < :until AND (:tenant IS NULL OR tenant = :tenant)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 6 DESC, 1, 3, 4, 5 LIMIT :limit OFFSET :skipped
        """,
        [
          "by_tenant": .flag(query.dimensions.contains(.tenant)),
          "by_server": .flag(query.dimensions.contains(.server)), "by_tool": .flag(query.dimensions.contains(.tool)),
          "by_client": .flag(query.dimensions.contains(.client)),
          "step": (query.step?.milliseconds ?? 0).databaseValue, "since": .time(query.since),
          "until": .time(query.until), "tenant": .id(query.tenant), "limit": .number(max(0, query.limit)),
          "skipped": .number(max(0, query.skipped)),
        ]
      ).map { try CallSum(row: $0) }
    }
  }

  /// See `CallSumStore`.
  public func accessUses(tenant: TenantID?) async throws(StoreError) -> [AccessUse: Timestamp] {
    try await read { database in
      var uses: [AccessUse: Timestamp] = [:]
      for row in try database.rows(
        "SELECT * FROM access_use WHERE :tenant IS NULL OR tenant = :tenant", ["tenant": .id(tenant)])
      {
        let use = AccessUse(
          tenant: try row.id("tenant"), subject: ByteString(try row.bytes("subject")),
          client: ByteString(try row.bytes("client")), route: ByteString(try row.bytes("route")))
        uses[use] = try row.time("used_at")
      }
      return uses
    }
  }

  /// See `CallSumStore`.
  public func foldCallSums(before time: Timestamp, removingBefore end: Timestamp) async throws(StoreError) {
    let hour = CallSumWriter.hour * 1000
    let whole = Timestamp(milliseconds: time.milliseconds - time.milliseconds % hour)
    try await write { database in
      try database.fold(before: whole)
      try database.run(
        "DELETE FROM call_sum WHERE span = :minute AND start < :time",
        ["minute": CallSumWriter.minute.databaseValue, "time": .time(whole)])
      try database.run("DELETE FROM call_sum WHERE start < :time", ["time": .time(end)])
      try database.run("DELETE FROM access_use WHERE used_at < :time", ["time": .time(end)])
    }
  }
}

extension Database {
  /// Of an hour the keys with the most calls are kept; the rest is one.
  fileprivate func fold(before time: Timestamp) throws {
    try run(
      """
      WITH hours AS (
        SELECT tenant, start - start % 3600000 AS hour, route, tool, client, SUM(calls) AS calls,
          SUM(refused) AS refused, SUM(failed) AS failed, SUM(timed) AS timed, SUM(took_us) AS took_us, SUM(b0) AS b0,
          SUM(b1) AS b1, SUM(b2) AS b2, SUM(b3) AS b3, SUM(b4) AS b4, SUM(b5) AS b5, SUM(b6) AS b6, SUM(b7) AS b7,
          SUM(b8) AS b8, SUM(b9) AS b9, SUM(b10) AS b10, SUM(b11) AS b11, SUM(b12) AS b12
        FROM call_sum WHERE span = :minute AND start < :time GROUP BY 1, 2, 3, 4, 5),
      ranked AS (
        SELECT *, ROW_NUMBER() OVER (PARTITION BY tenant, hour ORDER BY calls DESC, route, tool, client) <= :most
          AS is_kept FROM hours)
      INSERT INTO call_sum
      SELECT tenant, :hour, hour, CASE WHEN is_kept THEN route ELSE '*' END, CASE WHEN is_kept THEN tool ELSE '*' END,
        CASE WHEN is_kept THEN client ELSE '*' END, SUM(calls), SUM(refused), SUM(failed), SUM(timed), SUM(took_us),
        SUM(b0), SUM(b1), SUM(b2), SUM(b3), SUM(b4), SUM(b5), SUM(b6), SUM(b7), SUM(b8), SUM(b9), SUM(b10), SUM(b11),
        SUM(b12)
      FROM ranked WHERE true GROUP BY 1, 2, 3, 4, 5, 6
      ON CONFLICT (tenant, span, start, route, tool, client) DO UPDATE SET calls = calls + excluded.calls,
        refused = refused + excluded.refused, failed = failed + excluded.failed, timed = timed + excluded.timed,
        took_us = took_us + excluded.took_us, b0 = b0 + excluded.b0, b1 = b1 + excluded.b1, b2 = b2 + excluded.b2,
        b3 = b3 + excluded.b3, b4 = b4 + excluded.b4, b5 = b5 + excluded.b5, b6 = b6 + excluded.b6,
        b7 = b7 + excluded.b7, b8 = b8 + excluded.b8, b9 = b9 + excluded.b9, b10 = b10 + excluded.b10,
        b11 = b11 + excluded.b11, b12 = b12 + excluded.b12
      """,
      [
        "minute": CallSumWriter.minute.databaseValue, "hour": CallSumWriter.hour.databaseValue, "time": .time(time),
        "most": .number(SQLiteStore.mostCallKeys),
      ])
  }
}

extension CallSum {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      key: CallKey(
        tenant: try row.id("tenant"), route: ByteString(try row.bytes("route")),
        tool: ByteString(try row.bytes("tool")), client: ByteString(try row.bytes("client"))),
      start: try row.time("start"))
    calls = try row.whole("calls")
    refused = try row.whole("refused")
    failed = try row.whole("failed")
    var counts: [Int] = []
    for index in DurationHistogram.bounds.indices { counts.append(try row.whole("b\(index)")) }
    durations = DurationHistogram(
      counts: counts, count: try row.whole("timed"), sum: .microseconds(try row.number("took_us")))
  }
}

extension Row {
  fileprivate func whole(_ column: String) throws(StoreError) -> Int { Int(clamping: try number(column)) }
}
