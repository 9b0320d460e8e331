import Foundation
import GRDB
import MartletDomain

/// Opens a database file: refuse what can't be right, then migrate, then make commits durable and check that they are.
struct DatabaseOpening {
  let path: String
  let busyTimeout: Duration
  /// Up to which size the whole file is looked through for damage. Beyond it the two tables that grow with every call are
  /// left to `martlet audit verify`: each start, and each command, would have to wait until all of it was read.
  var wholeCheck: Int64 = 256 << 20
  private static let growing: Set<String> = ["audit_event", "call_sum"]

  func open() throws(StoreOpenError) -> DatabasePool {
    try DatabaseFile(path: path).prepare()
    let patienceEnds = ContinuousClock.now + busyTimeout
    while true {
      do {
        return try attempt()
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < patienceEnds {
        // Another process makes or migrates the file just now; some locks are refused without asking the busy handler.
        usleep(20_000)
      } catch {
        throw translate(error)
      }
    }
  }

  private func attempt() throws -> DatabasePool {
    try inspect()
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { database in try makeDurable(database) }
    try Migrations().apply(to: pool)
    return pool
  }

  private var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = patience
    configuration.foreignKeysEnabled = true
    configuration.maximumReaderCount = 4
    configuration.label = "martlet-store"
    configuration.prepareDatabase { try TrailRowsModule.register(on: $0) }
    return configuration
  }

  /// Looks every 2 ms whether a taken lock is free. SQLite's own handler soon sleeps 100 ms at a time, and so never
  /// gets its turn beside a process that writes without a break: `martlet token revoke` has to.
  private var patience: Database.BusyMode {
    let tries = max(1, busyTimeout.milliseconds / 2)
    return .callback { number in
      guard number < tries else { return false }
      usleep(2000)
      return true
    }
  }

  /// Looks before anything is written, over a connection of its own, so that a refused file stays as it is.
  private func inspect() throws {
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    // One snapshot: between two looks another process may migrate the file.
    try queue.read { database in
      try checkForDamage(database)
      let applied = try Migrations.number(of: database)
      if applied > Migrations.newest {
        throw StoreOpenError.newer(path: path, found: applied, known: Migrations.newest)
      }
      if applied == 0, try Migrations.hasForeignTables(database) { throw StoreOpenError.foreign(path: path) }
    }
    try queue.close()
  }

  private func checkForDamage(_ database: Database) throws {
    var checks = ["PRAGMA quick_check(1)"]
    if DatabaseFile(path: path).size > wholeCheck {
      let tables = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
      checks = tables.filter { !Self.growing.contains($0) }.map { "PRAGMA quick_check(\($0.quotedDatabaseIdentifier))" }
    }
    for check in checks {
      let verdict = try String.fetchAll(database, sql: check)
      guard verdict == ["ok"] else {
        throw StoreOpenError.corrupt(path: path, detail: Self.line(verdict.first ?? "quick_check gave no answer"))
      }
    }
  }

  /// GRDB's pool sets `synchronous=NORMAL` when it turns on WAL, so FULL comes after it, and is read back (R-41).
  private func makeDurable(_ database: Database) throws {
    try database.execute(sql: "PRAGMA synchronous = FULL")
    let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous")
    guard synchronous == 2 else { throw StoreOpenError.notDurable(path: path, detail: "synchronous is not FULL") }
    let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
    guard journal == "wal" else { throw StoreOpenError.notDurable(path: path, detail: "journal_mode is not WAL") }
    let foreignKeys = try Bool.fetchOne(database, sql: "PRAGMA foreign_keys")
    guard foreignKeys == true else { throw StoreOpenError.other(path: path, detail: "foreign_keys is off") }
  }

  /// The last line: the ones before it only say which database is meant.
  private static func line(_ text: String) -> String { text.split(separator: "\n").last.map { String($0) } ?? text }

  private func translate(_ error: any Error) -> StoreOpenError {
    if let error = error as? StoreOpenError { return error }
    guard let error = error as? DatabaseError else { return .other(path: path, detail: "the database driver failed") }
    return switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt(path: path, detail: Self.line(error.message ?? "not a database"))
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .readOnly(path: path)
    case .SQLITE_FULL: .diskFull(path: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED: .busy(path: path)
    case .SQLITE_CANTOPEN: .notFound(path: path)
    case .SQLITE_IOERR where DatabaseFile(path: path).isOnFullDisk: .diskFull(path: path)
    default: .other(path: path, detail: "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")")
    }
  }
}
