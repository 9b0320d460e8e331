import GRDB

/// Rotation of keys: which one is under way, what is sealed under which key, and which keys seal nothing any more. A
/// sealed value names its key in bytes 2 to 9.
enum Migration11 {
  static func apply(to database: Database) throws {
    try database.execute(sql: tables)
    for (table, column) in [
      ("connection", "sealed_credential"), ("data_key", "sealed_key"), ("signing_key", "sealed_private_key"),
      ("upstream_registration", "sealed_secret"),
    ] {
      for event in ["INSERT", "UPDATE OF \(column)"] {
        let name = "\(table)_key_\(event == "INSERT" ? "insert" : "update")"
        try database.execute(
          sql: """
            CREATE TRIGGER \(name) BEFORE \(event) ON \(table)
            WHEN NEW.\(column) IS NOT NULL
              AND EXISTS (SELECT 1 FROM retired_sealing_key WHERE id = substr(NEW.\(column), 2, 8))
            BEGIN SELECT RAISE(ABORT, 'sealed under a retired key'); END;
            """)
      }
    }
  }

  private static let tables = """
    CREATE TABLE key_rotation (
      position INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL DEFAULT 'default', begun_at INTEGER NOT NULL,
      master_key TEXT, replaces_data_keys INTEGER NOT NULL, is_ended INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE derivation_root (
      position INTEGER PRIMARY KEY CHECK (position = 1), tenant TEXT NOT NULL DEFAULT 'default',
      sealed_root BLOB NOT NULL);
    CREATE TABLE retired_sealing_key (
      id BLOB NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, retired_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX connection_sealing_key ON connection (tenant, substr(sealed_credential, 2, 8))
      WHERE sealed_credential IS NOT NULL;
    """
}
