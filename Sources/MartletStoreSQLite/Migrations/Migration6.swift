import GRDB

/// Connecting accounts: who is away at an authorization server, which links were used, Martlet's registrations, and what
/// was asked for.
enum Migration6 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE connection ADD COLUMN asked_scope TEXT;
        ALTER TABLE connection ADD COLUMN missing_scope TEXT NOT NULL DEFAULT '';
        ALTER TABLE connection ADD COLUMN repeated_demands INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE connection ADD COLUMN resource TEXT;
        CREATE TABLE pending_connection (
          state BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, route TEXT NOT NULL, owner TEXT NOT NULL,
          browser BLOB NOT NULL, issuer TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL, resource TEXT,
          sealed_verifier BLOB NOT NULL, expires_at INTEGER NOT NULL);
        CREATE INDEX pending_connection_owner ON pending_connection (tenant, owner, expires_at);
        CREATE INDEX pending_connection_end ON pending_connection (expires_at);
        CREATE TABLE connect_ticket (
          digest BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX connect_ticket_end ON connect_ticket (expires_at);
        CREATE TABLE upstream_registration (
          position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL DEFAULT 'default', route TEXT NOT NULL,
          issuer TEXT NOT NULL, client_id TEXT NOT NULL, method TEXT NOT NULL, sealed_secret BLOB,
          redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, registered_at INTEGER NOT NULL, expires_at INTEGER,
          is_refused INTEGER NOT NULL, UNIQUE (tenant, route, issuer, client_id));
        """)
  }
}
