import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `RevocationStore`.
  public func appendRevocations(_ revocations: [Revocation]) async throws(StoreError) {
    // Sequence numbers are given under the one write lock, so a reader that saw one has seen all before it.
    try await write { database in
      for revocation in revocations { try database.insert(revocation) }
    }
  }

  /// See `RevocationStore`.
  public func revocations(after sequence: Int64, at now: Timestamp) async throws(StoreError) -> [SequencedRevocation] {
    try await read { database in
      try database.rows(
        "SELECT * FROM revocation WHERE sequence > :sequence AND expires_at > :now ORDER BY sequence",
        ["sequence": sequence.databaseValue, "now": .time(now)]
      ).map { try SequencedRevocation(row: $0) }
    }
  }

  /// See `RevocationStore`.
  public func removeExpiredRevocations(at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM revocation WHERE expires_at <= :now", ["now": .time(now)])
    }
  }
}

extension Database {
  /// Appends a row.
  func insert(_ revocation: Revocation) throws {
    let (kind, tenant, subject): (String, TenantID, ByteString) =
      switch revocation.target {
      case .accessToken(let id): ("access_token", .default, id)
      case .grant(let grant): ("grant", .default, grant.value)
      case .user(let tenant, let user): ("user", tenant, user.value)
      case .client(let client): ("client", .default, client.value)
      case .tenant(let tenant): ("tenant", tenant, tenant.value)
      case .route(let route): ("route", .default, ByteString(route.path))
      }
    try run(
      """
      INSERT INTO revocation (tenant, kind, subject, issued_until, effective_at, expires_at)
      VALUES (:tenant, :kind, :subject, :issued_until, :effective_at, :expires_at)
      """,
      [
        "tenant": .id(tenant), "kind": .text(kind), "subject": .text(subject),
        "issued_until": .time(revocation.issuedUntil), "effective_at": .time(revocation.effectiveAt),
        "expires_at": .time(revocation.expiresAt),
      ])
  }
}

extension SequencedRevocation {
  fileprivate init(row: Row) throws(StoreError) {
    let target: RevocationTarget
    switch try row.text("kind") {
    case "access_token": target = .accessToken(ByteString(try row.bytes("subject")))
    case "grant": target = .grant(try row.id("subject"))
    case "user": target = .user(try row.id("tenant"), try row.id("subject"))
    case "client": target = .client(try row.id("subject"))
    case "tenant": target = .tenant(try row.id("subject"))
    case "route": target = .route(try row.route("subject"))
    default: throw .corrupt("column kind: unknown value")
    }
    self.init(
      sequence: try row.number("sequence"),
      revocation: Revocation(
        target: target, issuedUntil: try row.time("issued_until"), effectiveAt: try row.optionalTime("effective_at"),
        expiresAt: try row.time("expires_at")))
  }
}
