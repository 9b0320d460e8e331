import GRDB

/// A record of the trail goes into fewer indexes. Numbers and places are in the order of time already, so what was looked
/// for by time is found by them; records from before the chain, which have no number, keep an index.
enum Migration15 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        DROP INDEX audit_event_time;
        DROP INDEX audit_event_tenant;
        CREATE INDEX audit_event_unnumbered ON audit_event (at) WHERE sequence IS NULL;
        """)
  }
}
