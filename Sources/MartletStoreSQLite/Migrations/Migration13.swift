import GRDB

/// A record's trace; how far each sink was told, which is the installation's and no tenant's; sums of calls. `b0` to
/// `b12` are the bounds of `DurationHistogram`.
enum Migration13 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE audit_event ADD COLUMN trace TEXT;
        CREATE TABLE trail_cursor (
          sink TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL DEFAULT 'default', position INTEGER NOT NULL,
          holder TEXT NOT NULL, held_until INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE call_sum (
          tenant TEXT NOT NULL, span INTEGER NOT NULL, start INTEGER NOT NULL, route TEXT NOT NULL, tool TEXT NOT NULL,
          client TEXT NOT NULL, calls INTEGER NOT NULL, refused INTEGER NOT NULL, failed INTEGER NOT NULL,
          timed INTEGER NOT NULL, took_us INTEGER NOT NULL,
          b0 INTEGER NOT NULL, b1 INTEGER NOT NULL, b2 INTEGER NOT NULL, b3 INTEGER NOT NULL, b4 INTEGER NOT NULL,
          b5 INTEGER NOT NULL, b6 INTEGER NOT NULL, b7 INTEGER NOT NULL, b8 INTEGER NOT NULL, b9 INTEGER NOT NULL,
          b10 INTEGER NOT NULL, b11 INTEGER NOT NULL, b12 INTEGER NOT NULL,
          PRIMARY KEY (tenant, span, start, route, tool, client)) WITHOUT ROWID;
        CREATE INDEX call_sum_time ON call_sum (span, start);
        """)
  }
}
