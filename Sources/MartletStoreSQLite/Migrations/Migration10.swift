import GRDB

/// Calls that wait for a decision, and what is left of daily quotas.
enum Migration10 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE approval (
          id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL,
          client TEXT NOT NULL, key_name TEXT, route TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL,
          arguments BLOB NOT NULL, definition BLOB NOT NULL, policy BLOB NOT NULL, rule TEXT NOT NULL,
          binding BLOB NOT NULL, scope BLOB NOT NULL, sealed_arguments BLOB NOT NULL, lifetime INTEGER NOT NULL,
          state TEXT NOT NULL, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, decided_at INTEGER,
          decided_by TEXT, used_at INTEGER) WITHOUT ROWID;
        CREATE INDEX approval_binding ON approval (tenant, binding);
        CREATE INDEX approval_scope ON approval (tenant, scope) WHERE state = 'granted';
        CREATE INDEX approval_open ON approval (tenant, subject) WHERE state = 'pending';
        CREATE INDEX approval_end ON approval (expires_at);
        CREATE TABLE quota_use (
          tenant TEXT NOT NULL, day INTEGER NOT NULL, quota TEXT NOT NULL, digest BLOB NOT NULL,
          taken INTEGER NOT NULL, PRIMARY KEY (tenant, day, quota, digest)) WITHOUT ROWID;
        """)
  }
}
