import GRDB

/// What a legacy session holds when the server behind it speaks the modern era.
enum Migration2 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE mcp_session ADD COLUMN upstream_era TEXT NOT NULL DEFAULT 'legacy';
        ALTER TABLE mcp_session ADD COLUMN log_level TEXT;
        ALTER TABLE mcp_session ADD COLUMN watched_resources TEXT NOT NULL DEFAULT '[]';
        """)
  }
}
