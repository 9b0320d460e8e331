import GRDB
import GRDBSQLite
import MartletDomain
import StrictCoding

/// Appends events to trails within one transaction. Every call leaves an event, so values are bound straight to the
/// prepared statement: through `StatementArguments` each row cost more than SQLite's own work.
struct TrailWriter {
  private let database: Database
  private let chain: AuditChain
  private let statement: SQLiteStatement
  private var heads: [TenantID: AuditHead] = [:]

  init(_ database: Database, _ chain: AuditChain) throws {
    self.database = database
    self.chain = chain
    statement = try database.cachedStatement(
      sql: """
        INSERT INTO audit_event (tenant, at, action, flow, request, subject, client, route, method, target, status,
          reason, duration_ns, address, key_name, sequence, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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

  private func insert(_ event: AuditEvent, _ head: AuditHead) throws {
    try bind(1, .id(event.tenant))
    try bind(2, .time(event.at))
    try bind(3, .value(event.action))
    try bind(4, .id(event.flow))
    try bind(5, .id(event.request))
    try bind(6, .text(event.subject))
    try bind(7, .id(event.client))
    try bind(8, .text(event.route))
    try bind(9, .text(event.method))
    try bind(10, .text(event.target))
    try bind(11, .number(event.status))
    try bind(12, .text(event.reason))
    try bind(13, .duration(event.duration))
    try bind(14, .text(event.address))
    try bind(15, .text(event.key))
    try bind(16, head.sequence.databaseValue)
    try bind(17, .bytes(head.digest))
    let code = sqlite3_step(statement)
    defer { sqlite3_reset(statement) }
    guard code == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
    }
  }

  private func bind(_ index: CInt, _ value: DatabaseValue) throws {
    let code = value.bind(to: statement, at: index)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }
}
