import GRDB
import GRDBSQLite
import MartletDomain

/// Appends records to trails within one transaction. Every call leaves an event, so a batch is inserted by one statement:
/// through `StatementArguments` each row cost more than SQLite's own work.
struct TrailWriter {
  // A constraint that fails ends the transaction anyway; without `OR FAIL` SQLite would keep a copy of each page that the
  // statement changes, to be able to take it back alone.
  // All of the table's columns, in its own order: else SQLite copies each value into its place behind asking for it.
  private static let sql = """
    INSERT OR FAIL INTO audit_event (position, \(TrailRows.columns))
    SELECT NULL, \(TrailRows.columns) FROM trail_rows(?)
    """

  private let database: Database
  private let chain: AuditChain
  private let statement: SQLiteStatement
  private var heads: [TenantID: AuditHead] = [:]
  /// The trail of the record before, whose head isn't among the others yet: what comes together is often of one tenant.
  private var latest: (tenant: TenantID, end: AuditEnd)?

  init(_ database: Database, _ chain: AuditChain) throws {
    self.database = database
    self.chain = chain
    statement = try database.cachedStatement(sql: Self.sql).sqliteStatement
  }

  /// - Parameter turns: Are taken after each event.
  mutating func append(_ batch: AuditBatch, _ turns: CoreTurns) throws {
    try batch.withRecords { records in
      var ends: [AuditEnd] = []
      ends.reserveCapacity(records.count)
      for index in 0..<records.count {
        ends.append(try link(records[index]))
        turns.pass(index + 1)
      }
      try database.check(TrailRowsModule.run(statement, with: TrailRows(records, ends, turns)), is: SQLITE_DONE)
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
        inOrder: [.id(tenant), head.sequence.databaseValue, .bytes(head.digest)])
    }
  }

  private mutating func link(_ record: AuditRecordView) throws -> AuditEnd {
    if latest?.tenant.isHeld(by: record) != true {
      settle()
      let tenant = TenantID(record.name(.tenant) ?? "")
      latest = (tenant, AuditEnd(try head(of: tenant)))
    }
    var end = latest?.end ?? AuditEnd(.beginning)
    chain.move(&end, behind: record)
    latest?.end = end
    return end
  }

  private mutating func settle() {
    if let latest { heads[latest.tenant] = latest.end.head }
    latest = nil
  }

  private func head(of tenant: TenantID) throws -> AuditHead {
    if let head = heads[tenant] { return head }
    let row = try database.row(
      "SELECT sequence, digest FROM audit_trail WHERE tenant = :tenant", ["tenant": .id(tenant)])
    return try row.map { try $0.head("sequence", "digest") } ?? .beginning
  }
}

extension TenantID {
  fileprivate func isHeld(by record: AuditRecordView) -> Bool {
    guard let bytes = record.bytes(.tenant) else { return false }
    return value.bytes.withUnsafeBufferPointer { $0.holdsSame(as: bytes) }
  }
}
