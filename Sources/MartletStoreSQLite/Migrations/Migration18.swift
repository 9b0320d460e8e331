import GRDB

/// A flow is an attempt to connect, so the calls of its tokens leave the index of flows: where many clients call in turn,
/// each record of a call changed a page of its own there.
enum Migration18 {
  static func apply(to database: Database) throws {
    try database.execute(
      sql: """
        DROP INDEX audit_event_flow;
        CREATE INDEX audit_event_attempt ON audit_event (flow, at, position)
          WHERE flow IS NOT NULL AND action <> 'exchange.forwarded';
        CREATE VIEW flow_event AS SELECT * FROM audit_event
          WHERE flow IS NOT NULL AND action <> 'exchange.forwarded';
        """)
  }
}
