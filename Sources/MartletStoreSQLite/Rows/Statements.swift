import GRDB
import GRDBSQLite

/// SQL comes from literals only, which the type sees to; values are bound.
extension Database {
  /// Runs a statement.
  func run(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws {
    try cachedStatement(sql: sql.description).execute(arguments: StatementArguments(values))
  }

  /// Runs a statement without rows, straight on SQLite: what `StatementArguments` makes of some twenty values costs more
  /// than the statement.
  ///
  /// - Parameter values: In the order in which the statement first names them.
  func run(_ sql: StaticString, inOrder values: [DatabaseValue]) throws {
    let statement = try cachedStatement(sql: sql.description).sqliteStatement
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() {
      try check(value.bind(to: statement, at: CInt(index + 1)), is: SQLITE_OK)
    }
    try check(sqlite3_step(statement), is: SQLITE_DONE)
  }

  /// Sees to it that SQLite answered as it should.
  func check(_ code: CInt, is wanted: CInt) throws {
    if code != wanted { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: lastErrorMessage) }
  }

  /// Runs a statement.
  ///
  /// - Returns: Whether it changed a row.
  func changes(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws -> Bool {
    try run(sql, values)
    return changesCount > 0
  }

  /// The first row, if any.
  func row(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql.description), arguments: StatementArguments(values))
  }

  /// All rows.
  func rows(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws -> [Row] {
    try Row.fetchAll(cachedStatement(sql: sql.description), arguments: StatementArguments(values))
  }

  /// A number that a query counts.
  func count(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws -> Int {
    try Int.fetchOne(cachedStatement(sql: sql.description), arguments: StatementArguments(values)) ?? 0
  }
}
