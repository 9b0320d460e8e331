import GRDB

/// Where logins that are away at a provider come from, so that these are shared out by network too.
enum Migration4 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE federated_login ADD COLUMN network BLOB NOT NULL DEFAULT x'';
        CREATE INDEX federated_login_network ON federated_login (network, expires_at, state);
        """)
  }
}
