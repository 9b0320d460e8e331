import GRDB

/// API keys, bearers of the admin API, revocations that come into force later, and the key's name in the trail. A key
/// that acts for itself has the owner `''`.
enum Migration7 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE api_key (
          id TEXT NOT NULL PRIMARY KEY, series TEXT NOT NULL, tenant TEXT NOT NULL, owner TEXT NOT NULL,
          name TEXT NOT NULL, digest BLOB NOT NULL, last_four TEXT NOT NULL, servers TEXT, tools TEXT,
          is_read_only INTEGER NOT NULL, addresses TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          rotated_at INTEGER, revoked_at INTEGER, last_used_at INTEGER);
        CREATE INDEX api_key_name ON api_key (tenant, owner, name) WHERE revoked_at IS NULL;
        CREATE INDEX api_key_series ON api_key (series);
        CREATE INDEX api_key_end ON api_key (expires_at);
        CREATE TABLE admin_token (
          id TEXT NOT NULL PRIMARY KEY, tenant TEXT, role TEXT NOT NULL, digest BLOB NOT NULL, last_four TEXT NOT NULL,
          created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER);
        ALTER TABLE revocation ADD COLUMN effective_at INTEGER;
        ALTER TABLE audit_event ADD COLUMN key_name TEXT;
        """)
  }
}
