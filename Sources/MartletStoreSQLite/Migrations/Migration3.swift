import GRDB

/// Where strangers come from, so that what they may store is shared out by network, and who of them has logged in.
enum Migration3 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE pending_authorization ADD COLUMN network BLOB NOT NULL DEFAULT x'';
        ALTER TABLE pending_authorization ADD COLUMN logged_in_at INTEGER;
        CREATE INDEX pending_authorization_stranger ON pending_authorization (network, created_at, id)
          WHERE logged_in_at IS NULL;
        CREATE INDEX pending_authorization_login ON pending_authorization (browser, created_at, id)
          WHERE logged_in_at IS NOT NULL;
        ALTER TABLE client ADD COLUMN network BLOB NOT NULL DEFAULT x'';
        CREATE INDEX client_unused_network ON client (network, created_at, id)
          WHERE origin = 'dynamicRegistration' AND first_used_at IS NULL;
        """)
  }
}
