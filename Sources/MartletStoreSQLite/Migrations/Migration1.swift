import GRDB

/// The first schema. Every table has a tenant column. Times are milliseconds since 1970; digests and sealed values are
/// BLOBs; text that holds a NUL or is no UTF-8 is stored as BLOB in its TEXT column.
enum Migration1 {
  static func apply(to database: Database) throws {
    for sql in [clients, authorizations, refreshTokens, revocations, users, logins, keysAndSessions, audit] {
      try database.execute(sql: sql)
    }
  }

  private static let clients = """
    CREATE TABLE client (
      id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, origin TEXT NOT NULL, name TEXT NOT NULL,
      redirect_uris TEXT NOT NULL, grant_types TEXT NOT NULL, authentication_method TEXT NOT NULL,
      secret_digests TEXT NOT NULL, key_set BLOB, key_set_uri TEXT, servers TEXT, fingerprint BLOB,
      created_at INTEGER NOT NULL, first_used_at INTEGER);
    CREATE UNIQUE INDEX client_fingerprint ON client (fingerprint)
      WHERE fingerprint IS NOT NULL AND authentication_method = 'none';
    CREATE INDEX client_unused ON client (created_at, id)
      WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL;
    """

  private static let authorizations = """
    CREATE TABLE pending_authorization (
      id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL DEFAULT 'default', browser BLOB NOT NULL, client TEXT NOT NULL,
      client_name TEXT NOT NULL, redirect_uri TEXT NOT NULL, redirect_uri_was_sent INTEGER NOT NULL, state TEXT,
      code_challenge TEXT NOT NULL, route TEXT, scope TEXT NOT NULL, flow TEXT NOT NULL, created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, sealed_outcome BLOB);
    CREATE INDEX pending_authorization_end ON pending_authorization (expires_at);
    CREATE TABLE authorization_code (
      digest BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, grant_id TEXT NOT NULL, user_id TEXT NOT NULL,
      client TEXT NOT NULL, redirect_uri TEXT NOT NULL, redirect_uri_was_sent INTEGER NOT NULL,
      code_challenge TEXT NOT NULL, route TEXT NOT NULL, scope TEXT NOT NULL, flow TEXT NOT NULL,
      issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, spent_at INTEGER);
    CREATE INDEX authorization_code_end ON authorization_code (expires_at);
    CREATE TABLE consent (
      tenant TEXT NOT NULL, user_id TEXT NOT NULL, client TEXT NOT NULL, route TEXT NOT NULL,
      redirect_host TEXT NOT NULL, browser BLOB NOT NULL, scope TEXT NOT NULL, granted_at INTEGER NOT NULL,
      PRIMARY KEY (tenant, user_id, client, route, redirect_host, browser)) WITHOUT ROWID;
    CREATE TABLE client_assertion (
      client TEXT NOT NULL, id BLOB NOT NULL, tenant TEXT NOT NULL DEFAULT 'default', expires_at INTEGER NOT NULL,
      PRIMARY KEY (client, id)) WITHOUT ROWID;
    CREATE INDEX client_assertion_end ON client_assertion (expires_at);
    """

  private static let refreshTokens = """
    CREATE TABLE refresh_family (
      grant_id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, user_id TEXT NOT NULL, client TEXT NOT NULL,
      route TEXT NOT NULL, scope TEXT NOT NULL, flow TEXT NOT NULL, created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, revoked_at INTEGER);
    CREATE INDEX refresh_family_user ON refresh_family (tenant, user_id);
    CREATE INDEX refresh_family_client ON refresh_family (client);
    CREATE INDEX refresh_family_end ON refresh_family (expires_at);
    CREATE INDEX refresh_family_revoked ON refresh_family (revoked_at) WHERE revoked_at IS NOT NULL;
    CREATE TABLE refresh_token (
      digest BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL,
      grant_id TEXT NOT NULL REFERENCES refresh_family (grant_id) ON DELETE CASCADE, generation INTEGER NOT NULL,
      issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, rotated_at INTEGER, successor BLOB, sealed_reply BLOB,
      replay_until INTEGER);
    CREATE UNIQUE INDEX refresh_token_generation ON refresh_token (grant_id, generation);
    CREATE UNIQUE INDEX refresh_token_successor ON refresh_token (successor) WHERE successor IS NOT NULL;
    CREATE INDEX refresh_token_reply ON refresh_token (replay_until) WHERE sealed_reply IS NOT NULL;
    """

  private static let revocations = """
    CREATE TABLE revocation (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
      issued_until INTEGER NOT NULL, expires_at INTEGER NOT NULL);
    CREATE INDEX revocation_end ON revocation (expires_at);
    """

  private static let users = """
    CREATE TABLE user_account (
      id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, login_name TEXT UNIQUE, password_hash TEXT, issuer TEXT,
      subject TEXT, display_name TEXT NOT NULL, groups TEXT NOT NULL, is_administrator INTEGER NOT NULL,
      disabled_at INTEGER, created_at INTEGER NOT NULL, UNIQUE (issuer, subject),
      CHECK ((login_name IS NULL) = (password_hash IS NULL)), CHECK ((issuer IS NULL) = (subject IS NULL)),
      CHECK ((login_name IS NULL) <> (issuer IS NULL)));
    """

  private static let logins = """
    CREATE TABLE login_session (
      digest BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, browser BLOB NOT NULL, user_id TEXT NOT NULL,
      authenticated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);
    CREATE INDEX login_session_user ON login_session (tenant, user_id);
    CREATE INDEX login_session_end ON login_session (expires_at);
    CREATE TABLE federated_login (
      state BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL DEFAULT 'default', provider TEXT NOT NULL,
      browser BLOB NOT NULL, transaction_id TEXT, nonce TEXT NOT NULL, sealed_verifier BLOB NOT NULL,
      expires_at INTEGER NOT NULL);
    CREATE INDEX federated_login_end ON federated_login (expires_at);
    """

  private static let keysAndSessions = """
    CREATE TABLE signing_key (
      position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL DEFAULT 'default', id TEXT NOT NULL UNIQUE,
      use TEXT NOT NULL, sealed_private_key BLOB NOT NULL, public_key BLOB NOT NULL, created_at INTEGER NOT NULL,
      activates_at INTEGER NOT NULL, retires_at INTEGER);
    CREATE TABLE mcp_session (
      digest BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL,
      client TEXT NOT NULL, route TEXT NOT NULL, revision TEXT NOT NULL, initialize_request BLOB NOT NULL,
      upstream_session TEXT, upstream_url TEXT NOT NULL, created_at INTEGER NOT NULL, used_at INTEGER NOT NULL);
    CREATE INDEX mcp_session_use ON mcp_session (used_at);
    CREATE TABLE fetched_document (
      key TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL DEFAULT 'default', body BLOB NOT NULL,
      fetched_at INTEGER NOT NULL);
    """

  private static let audit = """
    CREATE TABLE audit_event (
      position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, at INTEGER NOT NULL, action TEXT NOT NULL,
      flow TEXT, request TEXT, subject TEXT, client TEXT, route TEXT, method TEXT, target TEXT, status INTEGER,
      reason TEXT, duration_ns INTEGER, address TEXT);
    CREATE INDEX audit_event_time ON audit_event (at, position);
    CREATE INDEX audit_event_tenant ON audit_event (tenant, at, position);
    CREATE INDEX audit_event_flow ON audit_event (flow, at, position) WHERE flow IS NOT NULL;
    """
}
