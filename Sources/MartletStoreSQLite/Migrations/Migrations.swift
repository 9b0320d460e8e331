import GRDB

/// The schema's history: numbered, forward only. A change goes expand → contract, so that the program before still
/// works.
struct Migrations {
  /// The number of the newest migration.
  static let newest = 20

  private let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in try Migration1.apply(to: database) }
    migrator.registerMigration("2") { database in try Migration2.apply(to: database) }
    migrator.registerMigration("3") { database in try Migration3.apply(to: database) }
    migrator.registerMigration("4") { database in try Migration4.apply(to: database) }
    migrator.registerMigration("5") { database in try Migration5.apply(to: database) }
    migrator.registerMigration("6") { database in try Migration6.apply(to: database) }
    migrator.registerMigration("7") { database in try Migration7.apply(to: database) }
    migrator.registerMigration("8") { database in try Migration8.apply(to: database) }
    migrator.registerMigration("9") { database in try Migration9.apply(to: database) }
    migrator.registerMigration("10") { database in try Migration10.apply(to: database) }
    migrator.registerMigration("11") { database in try Migration11.apply(to: database) }
    migrator.registerMigration("12") { database in try Migration12.apply(to: database) }
    migrator.registerMigration("13") { database in try Migration13.apply(to: database) }
    migrator.registerMigration("14") { database in try Migration14.apply(to: database) }
    migrator.registerMigration("15") { database in try Migration15.apply(to: database) }
    migrator.registerMigration("16") { database in try Migration16.apply(to: database) }
    migrator.registerMigration("17") { database in try Migration17.apply(to: database) }
    migrator.registerMigration("18") { database in try Migration18.apply(to: database) }
    migrator.registerMigration("19") { database in try Migration19.apply(to: database) }
    migrator.registerMigration("20") { database in try Migration20.apply(to: database) }
    return migrator
  }()

  /// Applies what is missing.
  func apply(to pool: DatabasePool) throws {
    // Another process may be at it: the loser finds the tables made, looks again and has nothing left to do. It may lose
    // once for each migration.
    for _ in 0..<Self.newest {
      do { return try migrator.migrate(pool) } catch is DatabaseError {
        if try pool.read(migrator.hasCompletedMigrations) { return }
      }
    }
    try migrator.migrate(pool)
  }

  /// The number of the newest migration that was applied to a database; 0 for none.
  static func number(of database: Database) throws -> Int {
    guard try database.tableExists("grdb_migrations") else { return 0 }
    let applied = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
    return applied.map { Int($0) ?? .max }.max() ?? 0
  }

  /// Whether there are tables, none of which a migration has made.
  static func hasForeignTables(_ database: Database) throws -> Bool {
    let sql =
      "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'"
    return try Int.fetchOne(database, sql: sql) ?? 0 > 0
  }
}
