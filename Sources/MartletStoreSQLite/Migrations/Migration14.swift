import GRDB

/// How long a bearer of the admin API may lie unused, in milliseconds, and when it was last used.
enum Migration14 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE admin_token ADD COLUMN idle_limit INTEGER;
        ALTER TABLE admin_token ADD COLUMN last_used_at INTEGER;
        """)
  }
}
