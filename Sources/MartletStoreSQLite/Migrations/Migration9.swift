import GRDB

/// The trail is a chain. Records from before have no number and stand outside it.
enum Migration9 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE audit_event ADD COLUMN sequence INTEGER;
        ALTER TABLE audit_event ADD COLUMN digest BLOB;
        CREATE UNIQUE INDEX audit_event_sequence ON audit_event (tenant, sequence) WHERE sequence IS NOT NULL;
        CREATE TABLE audit_trail (
          tenant TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL, digest BLOB NOT NULL,
          trimmed_sequence INTEGER NOT NULL, trimmed_digest BLOB NOT NULL) WITHOUT ROWID;
        """)
  }
}
