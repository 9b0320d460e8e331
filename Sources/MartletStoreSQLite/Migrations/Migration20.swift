import GRDB

/// Which instance of a server began a task; nothing for those of before.
enum Migration20 {
  static func apply(to database: Database) throws {
    try database.execute(sql: "ALTER TABLE mcp_task ADD COLUMN instance TEXT")
  }
}
