import GRDB

/// What changed in sessions, in order, so that every process can remember sessions until they change. Triggers write it,
/// so that nobody who changes or ends sessions can forget to, a program of before included.
enum Migration17 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE mcp_session_change (
          sequence INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, digest BLOB NOT NULL);
        CREATE TRIGGER mcp_session_ended AFTER DELETE ON mcp_session BEGIN
          INSERT INTO mcp_session_change (tenant, digest) VALUES (OLD.tenant, OLD.digest);
        END;
        CREATE TRIGGER mcp_session_changed AFTER UPDATE OF digest, tenant, issuer, subject, client, route, revision,
          initialize_request, upstream_session, upstream_url, upstream_era, log_level, watched_resources, created_at
        ON mcp_session BEGIN
          INSERT INTO mcp_session_change (tenant, digest) VALUES (OLD.tenant, OLD.digest);
        END;
        CREATE TRIGGER mcp_session_replaced BEFORE INSERT ON mcp_session
        WHEN EXISTS (SELECT 1 FROM mcp_session WHERE digest = NEW.digest) BEGIN
          INSERT INTO mcp_session_change (tenant, digest) VALUES (NEW.tenant, NEW.digest);
        END;
        """)
  }
}
