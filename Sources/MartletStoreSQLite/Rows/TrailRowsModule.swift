import GRDB
import GRDBSQLite
import MartletDomain

/// Shows ``TrailRows`` to SQLite as the table `trail_rows(…)`, so that one statement inserts a whole batch: run once a
/// record, most of what the statement costs is beginning and ending it. The rows are handed over as a pointer, which SQL
/// can't express.
enum TrailRowsModule {
  private struct Cursor {
    // First: SQLite knows a cursor by this part alone.
    var base = sqlite3_vtab_cursor()
    /// Held by whoever runs the statement.
    var rows: Unmanaged<TrailRows>?
    var row = 0
    /// The record of the row, where there is one.
    var record: AuditRecordView?

    mutating func move(to row: Int) {
      self.row = row
      record = rows?._withUnsafeGuaranteedRef { $0.record(row) }
    }
  }

  private static let name: StaticString = "trail_rows"
  /// The column behind the rows' own, which takes the pointer.
  private static let source: CInt = 18

  /// Lets the statements of a connection use it.
  static func register(on database: Database) throws {
    // The connection's own: SQLite reads it until it gives it back.
    let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
    module.initialize(to: make())
    let code = sqlite3_create_module_v2(database.sqliteConnection, name.description, module, module) {
      $0?.deallocate()
    }
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }

  /// Runs a statement whose only parameter is rows.
  ///
  /// - Returns: SQLite's code.
  static func run(_ statement: SQLiteStatement, with rows: TrailRows) -> CInt {
    withExtendedLifetime(rows) {
      let code = sqlite3_bind_pointer(statement, 1, Unmanaged.passUnretained(rows).toOpaque(), cName, nil)
      guard code == SQLITE_OK else { return code }
      defer {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
      }
      return sqlite3_step(statement)
    }
  }

  private static var cName: UnsafePointer<CChar> {
    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static func make() -> sqlite3_module {
    var module = sqlite3_module()
    addTable(to: &module)
    addCursor(to: &module)
    addRows(to: &module)
    return module
  }

  private static func addTable(to module: inout sqlite3_module) {
    module.xConnect = { database, _, _, _, table, _ in
      let code = sqlite3_declare_vtab(database, "CREATE TABLE x (\(TrailRows.columns), source HIDDEN)")
      guard code == SQLITE_OK else { return code }
      let made = UnsafeMutablePointer<sqlite3_vtab>.allocate(capacity: 1)
      made.initialize(to: sqlite3_vtab())
      table?.pointee = made
      return SQLITE_OK
    }
    module.xDisconnect = { table in
      table?.deallocate()
      return SQLITE_OK
    }
    module.xBestIndex = { _, plan in plan.map { TrailRowsModule.choose(&$0.pointee) } ?? SQLITE_ERROR }
  }

  private static func addCursor(to module: inout sqlite3_module) {
    module.xOpen = { _, cursor in
      let made = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
      made.initialize(to: Cursor())
      cursor?.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
      return SQLITE_OK
    }
    module.xClose = { cursor in
      TrailRowsModule.own(cursor)?.deallocate()
      return SQLITE_OK
    }
    module.xFilter = { cursor, _, _, count, values in
      guard let cursor = TrailRowsModule.own(cursor), count == 1, let value = values?.pointee,
        let rows = sqlite3_value_pointer(value, TrailRowsModule.cName)
      else { return SQLITE_MISUSE }
      cursor.pointee.rows = Unmanaged.fromOpaque(rows)
      cursor.pointee.move(to: 0)
      return SQLITE_OK
    }
  }

  private static func addRows(to module: inout sqlite3_module) {
    module.xNext = { cursor in
      guard let cursor = TrailRowsModule.own(cursor), let rows = cursor.pointee.rows else { return SQLITE_ERROR }
      cursor.pointee.move(to: cursor.pointee.row + 1)
      rows._withUnsafeGuaranteedRef { $0.turns.pass(cursor.pointee.row) }
      return SQLITE_OK
    }
    module.xEof = { cursor in
      TrailRowsModule.own(cursor)?.pointee.record == nil ? 1 : 0
    }
    module.xColumn = { cursor, context, column in
      guard let cursor = TrailRowsModule.own(cursor), let rows = cursor.pointee.rows,
        let record = cursor.pointee.record, let context
      else { return SQLITE_ERROR }
      let row = cursor.pointee.row
      rows._withUnsafeGuaranteedRef { $0.answer(row, record, column, ColumnValue(context)) }
      return SQLITE_OK
    }
    module.xRowid = { cursor, id in
      id?.pointee = Int64(TrailRowsModule.own(cursor)?.pointee.row ?? 0)
      return SQLITE_OK
    }
  }

  /// There is one way only: from the rows that are pointed to.
  private static func choose(_ plan: inout sqlite3_index_info) -> CInt {
    for index in 0..<Int(plan.nConstraint) {
      let constraint = plan.aConstraint[index]
      guard constraint.iColumn == source, constraint.usable != 0, constraint.op == SQLITE_INDEX_CONSTRAINT_EQ else {
        continue
      }
      plan.aConstraintUsage[index].argvIndex = 1
      plan.aConstraintUsage[index].omit = 1
      return SQLITE_OK
    }
    return SQLITE_CONSTRAINT
  }

  private static func own(_ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> UnsafeMutablePointer<Cursor>? {
    UnsafeMutableRawPointer(cursor)?.assumingMemoryBound(to: Cursor.self)
  }
}
