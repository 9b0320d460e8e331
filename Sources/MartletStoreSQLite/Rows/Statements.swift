import GRDB

/// SQL comes from literals only, which the type sees to; values are bound.
extension Database {
  /// Runs a statement.
  func run(_ sql: StaticString, _ values: [String: DatabaseValue] = [:]) throws {
    try cachedStatement(sql: sql.description).execute(arguments: StatementArguments(values))
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
