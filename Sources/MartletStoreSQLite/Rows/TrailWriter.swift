import GRDB
import GRDBSQLite
import MartletDomain
import StrictCoding

/// Inserts events of the trail. Every call leaves one, so values are bound straight to the prepared statement: through
/// `StatementArguments` each row cost more than SQLite's own work.
struct TrailWriter {
  private let database: Database
  private let statement: SQLiteStatement

  init(_ database: Database) throws {
    self.database = database
    statement = try database.cachedStatement(
      sql: """
        INSERT INTO audit_event (tenant, at, action, flow, request, subject, client, route, method, target, status,
          reason, duration_ns, address)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).sqliteStatement
  }

  func insert(_ event: AuditEvent) throws {
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
