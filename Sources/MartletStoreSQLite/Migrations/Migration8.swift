import GRDB

/// Which definitions of tools are trusted, by tenant.
enum Migration8 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE tool_pin (
          tenant TEXT NOT NULL, route TEXT NOT NULL, tool TEXT NOT NULL, trusted BLOB, changed BLOB,
          first_seen_at INTEGER NOT NULL, changed_at INTEGER,
          PRIMARY KEY (tenant, route, tool), CHECK (trusted IS NOT NULL OR changed IS NOT NULL)) WITHOUT ROWID;
        """)
  }
}
