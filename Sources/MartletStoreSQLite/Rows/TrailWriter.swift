import GRDB
import GRDBSQLite
import MartletDomain

/// Appends events to trails within one transaction. Every call leaves an event, so values are bound straight to the
/// prepared statement: through `StatementArguments` each row cost more than SQLite's own work.
struct TrailWriter {
  private let database: Database
  private let chain: AuditChain
  private let statement: SQLiteStatement
  private var heads: [TenantID: AuditHead] = [:]
  private var row = RowBinding()

  init(_ database: Database, _ chain: AuditChain) throws {
    self.database = database
    self.chain = chain
    statement = try database.cachedStatement(
      sql: """
        INSERT INTO audit_event (tenant, at, action, flow, request, subject, client, route, method, target, status,
          reason, duration_ns, address, key_name, sequence, digest, trace)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).sqliteStatement
  }

  mutating func append(_ event: AuditEvent) throws {
    let head = chain.head(after: try head(of: event.tenant), adding: event)
    try insert(event, head)
    heads[event.tenant] = head
  }

  /// Notes how far the trails have come; without it the transaction must not end.
  func finish() throws {
    for (tenant, head) in heads {
      try database.run(
        """
        INSERT INTO audit_trail VALUES (:tenant, :sequence, :digest, 0, zeroblob(32))
        ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest
        """,
        ["tenant": .id(tenant), "sequence": head.sequence.databaseValue, "digest": .bytes(head.digest)])
    }
  }

  private func head(of tenant: TenantID) throws -> AuditHead {
    if let head = heads[tenant] { return head }
    let row = try database.row(
      "SELECT sequence, digest FROM audit_trail WHERE tenant = :tenant", ["tenant": .id(tenant)])
    return try row.map { try $0.head("sequence", "digest") } ?? .beginning
  }

  private mutating func insert(_ event: AuditEvent, _ head: AuditHead) throws {
    row.clear()
    row.add(event.tenant.value)
    row.add(event.at.milliseconds)
    row.add(event.action.rawValue)
    row.add(event.flow?.value)
    row.add(event.request?.value)
    row.add(event.subject)
    row.add(event.client?.value)
    row.add(event.route)
    row.add(event.method)
    row.add(event.target)
    row.add(event.status.map { Int64($0) })
    row.add(event.reason)
    row.add(event.duration?.wholeNanoseconds)
    row.add(event.address)
    row.add(event.key)
    row.add(head.sequence)
    row.add(bytes: head.digest)
    row.add(event.trace)
    let code = row.run(statement)
    guard code == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
    }
  }
}
