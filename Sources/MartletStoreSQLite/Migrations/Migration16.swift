import GRDB

/// When each caller last came through at a route. What the trail knows of before is taken over.
enum Migration16 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE access_use (
          tenant TEXT NOT NULL, subject TEXT NOT NULL, client TEXT NOT NULL, route TEXT NOT NULL,
          used_at INTEGER NOT NULL, PRIMARY KEY (tenant, subject, client, route)) WITHOUT ROWID;
        INSERT INTO access_use (tenant, subject, client, route, used_at)
          SELECT tenant, subject, client, route, MAX(at) FROM audit_event
          WHERE action = 'exchange.forwarded' AND subject IS NOT NULL AND client IS NOT NULL AND route IS NOT NULL
          GROUP BY 1, 2, 3, 4;
        """)
  }
}
