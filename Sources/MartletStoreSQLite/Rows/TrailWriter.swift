import GRDB
import GRDBSQLite
import MartletDomain

/// Appends events to trails within one transaction. Every call leaves an event, so a batch is inserted by one statement:
/// through `StatementArguments` each row cost more than SQLite's own work.
struct TrailWriter {
  // A constraint that fails ends the transaction anyway; without `OR FAIL` SQLite would keep a copy of each page that the
  // statement changes, to be able to take it back alone.
  private static let sql = """
    INSERT OR FAIL INTO audit_event (\(TrailRows.columns)) SELECT \(TrailRows.columns) FROM trail_rows(?)
    """

  private let database: Database
  private let chain: AuditChain
  private let statement: SQLiteStatement
  private var heads: [TenantID: AuditHead] = [:]
  /// The trail of the event before, whose head isn't among the others yet: what comes together is often of one tenant.
  private var latest: (tenant: TenantID, head: AuditHead)?

  init(_ database: Database, _ chain: AuditChain) throws {
    self.database = database
    self.chain = chain
    statement = try database.cachedStatement(sql: Self.sql).sqliteStatement
  }

  /// - Parameter turns: Are taken after each event.
  mutating func append(_ entries: [AuditEntry], _ turns: CoreTurns) throws {
    var links: [AuditHead] = []
    links.reserveCapacity(entries.count)
    for entry in entries {
      links.append(try link(entry))
      turns.pass(links.count)
    }
    let code = TrailRowsModule.run(statement, with: TrailRows(entries, links, turns))
    guard code == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage)
    }
  }

  /// Notes how far the trails have come; without it the transaction must not end.
  mutating func finish() throws {
    settle()
    for (tenant, head) in heads {
      try database.run(
        """
        INSERT INTO audit_trail VALUES (:tenant, :sequence, :digest, 0, zeroblob(32))
        ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest
        """,
        ["tenant": .id(tenant), "sequence": head.sequence.databaseValue, "digest": .bytes(head.digest)])
    }
  }

  private mutating func link(_ entry: AuditEntry) throws -> AuditHead {
    if latest?.tenant != entry.event.tenant {
      settle()
      latest = (entry.event.tenant, try head(of: entry.event.tenant))
    }
    let head = chain.head(after: latest?.head ?? .beginning, adding: entry)
    latest?.head = head
    return head
  }

  private mutating func settle() {
    if let latest { heads[latest.tenant] = latest.head }
    latest = nil
  }

  private func head(of tenant: TenantID) throws -> AuditHead {
    if let head = heads[tenant] { return head }
    let row = try database.row(
      "SELECT sequence, digest FROM audit_trail WHERE tenant = :tenant", ["tenant": .id(tenant)])
    return try row.map { try $0.head("sequence", "digest") } ?? .beginning
  }
}
