import GRDB

/// Whose the tasks of servers are, by tenant.
enum Migration19 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE mcp_task (
          tenant TEXT NOT NULL, task BLOB NOT NULL, owner BLOB NOT NULL, noted_at INTEGER NOT NULL,
          expires_at INTEGER NOT NULL, PRIMARY KEY (tenant, task)) WITHOUT ROWID;
        CREATE INDEX mcp_task_owner ON mcp_task (tenant, owner, noted_at);
        CREATE INDEX mcp_task_end ON mcp_task (expires_at);
        """)
  }
}
