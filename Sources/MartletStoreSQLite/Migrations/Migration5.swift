import GRDB

/// Upstream accounts, and the keys that seal their credentials. A connection's row is never removed, so the order of
/// changes has no holes that a number could be used twice in.
enum Migration5 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE connection (
          tenant TEXT NOT NULL, route TEXT NOT NULL, owner TEXT NOT NULL, change INTEGER NOT NULL UNIQUE,
          state TEXT NOT NULL, reason TEXT, version INTEGER NOT NULL, epoch INTEGER NOT NULL,
          is_refreshable INTEGER NOT NULL, may_be_spent INTEGER NOT NULL, failures INTEGER NOT NULL, retry_at INTEGER,
          intent_node INTEGER, intent_epoch INTEGER, intent_started_at INTEGER, lease_until INTEGER,
          issuer TEXT NOT NULL, client_id TEXT NOT NULL, scope TEXT NOT NULL, sealed_credential BLOB,
          expires_at INTEGER, refresh_at INTEGER, connected_at INTEGER NOT NULL, refreshed_at INTEGER,
          PRIMARY KEY (tenant, route, owner),
          CHECK ((intent_node IS NULL) = (intent_epoch IS NULL) AND (intent_epoch IS NULL) = (lease_until IS NULL)
            AND (lease_until IS NULL) = (intent_started_at IS NULL)),
          CHECK ((state = 'revoked') = (sealed_credential IS NULL))) WITHOUT ROWID;
        CREATE INDEX connection_due ON connection (refresh_at) WHERE is_refreshable AND lease_until IS NULL;
        CREATE INDEX connection_lease ON connection (lease_until) WHERE lease_until IS NOT NULL;
        CREATE TABLE data_key (
          position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, name TEXT NOT NULL,
          sealed_key BLOB NOT NULL, created_at INTEGER NOT NULL, UNIQUE (tenant, name));
        """)
  }
}
