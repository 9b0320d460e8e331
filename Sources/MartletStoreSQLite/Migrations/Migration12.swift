import GRDB

/// Programs that log in without a browser, what users delegate to jobs, tenants that are held up or gone, and requests
/// to the admin API that may be sent again.
enum Migration12 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE device_authorization (
          digest BLOB NOT NULL PRIMARY KEY, user_code BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL DEFAULT 'default',
          client TEXT NOT NULL, route TEXT, scope TEXT NOT NULL, flow TEXT NOT NULL, address TEXT NOT NULL,
          network BLOB NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          interval_ms INTEGER NOT NULL, polled_at INTEGER, decided_at INTEGER, user_id TEXT, granted_route TEXT,
          grant_id TEXT, spent_at INTEGER) WITHOUT ROWID;
        CREATE INDEX device_authorization_end ON device_authorization (expires_at);
        CREATE TABLE delegation (
          id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, user_id TEXT NOT NULL, job TEXT NOT NULL,
          servers TEXT NOT NULL, tools TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          revoked_at INTEGER) WITHOUT ROWID;
        CREATE INDEX delegation_user ON delegation (tenant, user_id);
        CREATE INDEX delegation_job ON delegation (tenant, job);
        ALTER TABLE api_key ADD COLUMN delegation TEXT;
        CREATE TABLE tenant_state (
          tenant TEXT NOT NULL PRIMARY KEY, suspended_at INTEGER, deleted_at INTEGER) WITHOUT ROWID;
        CREATE VIEW user_standing AS
          SELECT user_account.id, user_account.tenant, login_name, password_hash, issuer, subject, display_name, groups,
            is_administrator, COALESCE(disabled_at, suspended_at, deleted_at) AS disabled_at, created_at
          FROM user_account LEFT JOIN tenant_state ON tenant_state.tenant = user_account.tenant;
        CREATE TABLE idempotent_answer (
          tenant TEXT NOT NULL, principal TEXT NOT NULL, key BLOB NOT NULL, request BLOB NOT NULL, status INTEGER,
          sealed_answer BLOB, begun_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
          PRIMARY KEY (principal, key)) WITHOUT ROWID;
        CREATE INDEX idempotent_answer_end ON idempotent_answer (expires_at);
        """)
  }
}
