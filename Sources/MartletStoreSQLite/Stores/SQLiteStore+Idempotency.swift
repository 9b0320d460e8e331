import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `IdempotencyStore`.
  public func beginIdempotent(
    _ key: [UInt8], by principal: String, tenant: TenantID, request: [UInt8], at now: Timestamp,
    until expiry: Timestamp, capacity: Int
  ) async throws(StoreError) -> IdempotentBeginning {
    try await write { database in
      try database.run("DELETE FROM idempotent_answer WHERE expires_at <= :now", ["now": .time(now)])
      let name: [String: DatabaseValue] = ["principal": .text(principal), "key": .bytes(key)]
      let known = try database.row(
        "SELECT * FROM idempotent_answer WHERE principal = :principal AND key = :key", name)
      if let known {
        guard try known.bytes("request") == request else { return .different }
        guard let status = try known.optionalNumber("status") else { return .underWay }
        return .answered(status: Int(status), sealedAnswer: try known.bytes("sealed_answer"))
      }
      let count = try database.count(
        "SELECT COUNT(*) FROM idempotent_answer WHERE principal = :principal", ["principal": .text(principal)])
      if count >= capacity { return .full }
      try database.run(
        """
        INSERT INTO idempotent_answer (tenant, principal, key, request, begun_at, expires_at)
        VALUES (:tenant, :principal, :key, :request, :now, :expiry)
        """,
        [
          "tenant": .id(tenant), "principal": .text(principal), "key": .bytes(key), "request": .bytes(request),
          "now": .time(now), "expiry": .time(expiry),
        ])
      return .first
    }
  }

  /// See `IdempotencyStore`.
  public func endIdempotent(
    _ key: [UInt8], by principal: String, answer: (status: Int, sealed: [UInt8])?
  ) async throws(StoreError) {
    try await write { database in
      guard let answer else {
        return try database.run(
          "DELETE FROM idempotent_answer WHERE principal = :principal AND key = :key",
          ["principal": .text(principal), "key": .bytes(key)])
      }
      try database.run(
        """
        UPDATE idempotent_answer SET status = :status, sealed_answer = :answer
        WHERE principal = :principal AND key = :key
        """,
        [
          "principal": .text(principal), "key": .bytes(key), "status": .number(answer.status),
          "answer": .bytes(answer.sealed),
        ])
    }
  }
}
