import GRDB
import MartletDomain
import StrictCoding

extension SQLiteStore {
  /// See `ConnectingStore`.
  public func beginConnecting(
    _ pending: PendingConnection, spending ticket: ConnectTicket?, capacity: Int
  ) async throws(StoreError) -> Bool {
    try await write { database in
      if let ticket {
        let isFresh = try database.changes(
          """
          INSERT INTO connect_ticket (digest, tenant, expires_at) VALUES (:digest, :tenant, :expires_at)
          ON CONFLICT DO NOTHING
          """,
          [
            "digest": .digest(ticket.digest), "tenant": .id(pending.key.tenant), "expires_at": .time(ticket.expiresAt),
          ])
        guard isFresh else { return false }
      }
      try database.save(pending)
      try database.run(
        """
        DELETE FROM pending_connection WHERE state IN (
          SELECT state FROM pending_connection WHERE tenant = :tenant AND owner = :owner
          ORDER BY expires_at DESC, state LIMIT -1 OFFSET :capacity)
        """,
        [
          "tenant": .id(pending.key.tenant), "owner": .text(pending.key.owner.stored), "capacity": .number(capacity),
        ])
      return true
    }
  }

  /// See `ConnectingStore`.
  public func takePendingConnection(
    _ state: ArtefactDigest, at now: Timestamp
  ) async throws(StoreError) -> PendingConnection? {
    try await write { database in
      let taken = try database.row(
        "DELETE FROM pending_connection WHERE state = :state RETURNING *", ["state": .digest(state)])
      guard let taken, try taken.time("expires_at") > now else { return nil }
      return try PendingConnection(row: taken)
    }
  }

  /// See `ConnectingStore`.
  public func removeExpiredConnecting(at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM pending_connection WHERE expires_at <= :now", ["now": .time(now)])
      try database.run("DELETE FROM connect_ticket WHERE expires_at <= :now", ["now": .time(now)])
    }
  }

  /// See `ConnectingStore`.
  public func upstreamRegistrations(
    of route: RouteID, issuer: String
  ) async throws(StoreError) -> [UpstreamRegistration] {
    try await read { database in
      try database.rows(
        "SELECT * FROM upstream_registration WHERE route = :route AND issuer = :issuer ORDER BY position DESC",
        ["route": .route(route), "issuer": .text(issuer)]
      ).map { try UpstreamRegistration(row: $0) }
    }
  }

  /// See `ConnectingStore`.
  public func addUpstreamRegistration(_ registration: UpstreamRegistration) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        INSERT OR REPLACE INTO upstream_registration (route, issuer, client_id, method, sealed_secret, redirect_uri,
          scope, registered_at, expires_at, is_refused)
        VALUES (:route, :issuer, :client_id, :method, :sealed_secret, :redirect_uri, :scope, :registered_at,
          :expires_at, :is_refused)
        """,
        [
          "route": .route(registration.route), "issuer": .text(registration.issuer),
          "client_id": .text(registration.clientID), "method": .value(registration.method),
          "sealed_secret": .bytes(registration.sealedSecret), "redirect_uri": .text(registration.redirectURI),
          "scope": .scope(registration.scope), "registered_at": .time(registration.registeredAt),
          "expires_at": .time(registration.expiresAt), "is_refused": .flag(registration.isRefused),
        ])
    }
  }

  /// See `ConnectingStore`.
  public func refuseUpstreamRegistration(
    of route: RouteID, issuer: String, clientID: String
  ) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        UPDATE upstream_registration SET is_refused = 1
        WHERE route = :route AND issuer = :issuer AND client_id = :client_id
        """,
        ["route": .route(route), "issuer": .text(issuer), "client_id": .text(clientID)])
    }
  }
}

extension Database {
  fileprivate func save(_ pending: PendingConnection) throws {
    try run(
      """
      INSERT INTO pending_connection (state, tenant, route, owner, browser, issuer, client_id, scope, resource,
        sealed_verifier, expires_at)
      VALUES (:state, :tenant, :route, :owner, :browser, :issuer, :client_id, :scope, :resource, :sealed_verifier,
        :expires_at)
      """,
      [
        "state": .digest(pending.state), "tenant": .id(pending.key.tenant), "route": .route(pending.key.route),
        "owner": .text(pending.key.owner.stored), "browser": .digest(pending.browser),
        "issuer": .text(pending.issuer), "client_id": .text(pending.clientID), "scope": .scope(pending.scope),
        "resource": .text(pending.resource), "sealed_verifier": .bytes(pending.sealedVerifier),
        "expires_at": .time(pending.expiresAt),
      ])
  }
}

extension PendingConnection {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      state: try row.digest("state"), key: try ConnectionKey(row: row), browser: try row.digest("browser"),
      issuer: try row.text("issuer"), clientID: try row.text("client_id"), scope: try row.scope("scope"),
      resource: try row.optionalText("resource"), sealedVerifier: try row.bytes("sealed_verifier"),
      expiresAt: try row.time("expires_at"))
  }
}

extension UpstreamRegistration {
  init(row: Row) throws(StoreError) {
    self.init(
      route: try row.route("route"), issuer: try row.text("issuer"), clientID: try row.text("client_id"),
      method: try row.value("method"), sealedSecret: try row.optionalBytes("sealed_secret"),
      redirectURI: try row.text("redirect_uri"), scope: try row.scope("scope"),
      registeredAt: try row.time("registered_at"), expiresAt: try row.optionalTime("expires_at"),
      isRefused: try row.flag("is_refused"))
  }
}
