import GRDB
import MartletDomain
import StrictCoding

/// Adds sums of calls, and who came through when, within the transaction that writes their records.
struct CallSumWriter {
  static let minute: Int64 = 60
  static let hour: Int64 = 3600

  let database: Database

  func add(_ tally: CallTally) throws {
    for sum in tally.sums {
      if try add(sum, under: sum.key) { continue }
      try insert(sum, under: try isFull(sum) ? sum.key.folded : sum.key)
    }
    for (use, time) in tally.uses { try note(use, at: time) }
  }

  /// Of a tenant that is gone nothing comes back.
  private func note(_ use: AccessUse, at time: Timestamp) throws {
    try database.run(
      """
      INSERT INTO access_use (tenant, subject, client, route, used_at)
      SELECT :tenant, :subject, :client, :route, :time
      WHERE NOT EXISTS (SELECT 1 FROM tenant_state WHERE tenant = :tenant AND deleted_at IS NOT NULL)
      ON CONFLICT (tenant, subject, client, route) DO UPDATE SET used_at = excluded.used_at
      WHERE excluded.used_at >= used_at + :grain
      """,
      inOrder: [
        .id(use.tenant), .text(use.subject), .text(use.client), .text(use.route), .time(time),
        AccessUse.grain.milliseconds.databaseValue,
      ])
  }

  /// - Returns: Whether there is a sum of this key already.
  private func add(_ sum: CallSum, under key: CallKey) throws -> Bool {
    try database.run(
      """
      UPDATE call_sum SET calls = calls + :calls, refused = refused + :refused, failed = failed + :failed,
        timed = timed + :timed, took_us = took_us + :took, b0 = b0 + :b0, b1 = b1 + :b1, b2 = b2 + :b2, b3 = b3 + :b3,
        b4 = b4 + :b4, b5 = b5 + :b5, b6 = b6 + :b6, b7 = b7 + :b7, b8 = b8 + :b8, b9 = b9 + :b9, b10 = b10 + :b10,
        b11 = b11 + :b11, b12 = b12 + :b12
      WHERE tenant = :tenant AND span = :span AND start = :start AND route = :route AND tool = :tool
        AND client = :client
      """, inOrder: counts(sum) + place(key, sum.start))
    return database.changesCount > 0
  }

  private func insert(_ sum: CallSum, under key: CallKey) throws {
    if key != sum.key, try add(sum, under: key) { return }
    try database.run(
      """
      INSERT INTO call_sum VALUES (:tenant, :span, :start, :route, :tool, :client, :calls, :refused, :failed, :timed,
        :took, :b0, :b1, :b2, :b3, :b4, :b5, :b6, :b7, :b8, :b9, :b10, :b11, :b12)
      """, inOrder: place(key, sum.start) + counts(sum))
  }

  private func isFull(_ sum: CallSum) throws -> Bool {
    try database.count(
      "SELECT COUNT(*) FROM call_sum WHERE tenant = :tenant AND span = :span AND start = :start",
      [
        "tenant": .id(sum.key.tenant), "span": Self.minute.databaseValue, "start": .time(sum.start),
      ]) >= SQLiteStore.mostCallKeys
  }

  private func place(_ key: CallKey, _ start: Timestamp) -> [DatabaseValue] {
    [
      .id(key.tenant), Self.minute.databaseValue, .time(start), .text(key.route), .text(key.tool), .text(key.client),
    ]
  }

  private func counts(_ sum: CallSum) -> [DatabaseValue] {
    [
      .number(sum.calls), .number(sum.refused), .number(sum.failed), .number(sum.durations.count),
      (sum.durations.sum.wholeNanoseconds / 1000).databaseValue,
    ] + sum.durations.counts.map { .number($0) }
  }
}
