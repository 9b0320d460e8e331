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
      [
        "tenant": .id(use.tenant), "subject": .text(use.subject), "client": .text(use.client),
        "route": .text(use.route), "time": .time(time), "grain": AccessUse.grain.milliseconds.databaseValue,
      ])
  }

  /// - Returns: Whether there is a sum of this key already.
  private func add(_ sum: CallSum, under key: CallKey) throws -> Bool {
    try database.changes(
      """
      UPDATE call_sum SET calls = calls + :calls, refused = refused + :refused, failed = failed + :failed,
        timed = timed + :timed, took_us = took_us + :took, b0 = b0 + :b0, b1 = b1 + :b1, b2 = b2 + :b2, b3 = b3 + :b3,
        b4 = b4 + :b4, b5 = b5 + :b5, b6 = b6 + :b6, b7 = b7 + :b7, b8 = b8 + :b8, b9 = b9 + :b9, b10 = b10 + :b10,
        b11 = b11 + :b11, b12 = b12 + :b12
      WHERE tenant = :tenant AND span = :span AND start = :start AND route = :route AND tool = :tool
        AND client = :client
      """, values(sum, key))
  }

  private func insert(_ sum: CallSum, under key: CallKey) throws {
    if key != sum.key, try add(sum, under: key) { return }
    try database.run(
      """
      INSERT INTO call_sum VALUES (:tenant, :span, :start, :route, :tool, :client, :calls, :refused, :failed, :timed,
        :took, :b0, :b1, :b2, :b3, :b4, :b5, :b6, :b7, :b8, :b9, :b10, :b11, :b12)
      """, values(sum, key))
  }

  private func isFull(_ sum: CallSum) throws -> Bool {
    try database.count(
      "SELECT COUNT(*) FROM call_sum WHERE tenant = :tenant AND span = :span AND start = :start",
      [
        "tenant": .id(sum.key.tenant), "span": Self.minute.databaseValue, "start": .time(sum.start),
      ]) >= SQLiteStore.mostCallKeys
  }

  private func values(_ sum: CallSum, _ key: CallKey) -> [String: DatabaseValue] {
    var values: [String: DatabaseValue] = [
      "tenant": .id(key.tenant), "span": Self.minute.databaseValue, "start": .time(sum.start),
      "route": .text(key.route), "tool": .text(key.tool), "client": .text(key.client), "calls": .number(sum.calls),
      "refused": .number(sum.refused), "failed": .number(sum.failed), "timed": .number(sum.durations.count),
      "took": (sum.durations.sum.wholeNanoseconds / 1000).databaseValue,
    ]
    for (index, count) in sum.durations.counts.enumerated() { values["b\(index)"] = .number(count) }
    return values
  }
}
