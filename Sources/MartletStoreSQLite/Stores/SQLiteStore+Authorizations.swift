import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuthorizationStore`.
  public func beginAuthorization(
    _ pending: PendingAuthorization, capacity: Int
  ) async throws(StoreError) -> PendingAuthorization {
    try await write { database in
      if let known = try database.pendingAuthorization(pending.id, at: pending.createdAt) { return known }
      try database.insert(pending)
      try database.makeRoomForAuthorizations(capacity, at: pending.createdAt)
      return pending
    }
  }

  /// See `AuthorizationStore`.
  public func noteLogin(for id: TransactionID, at now: Timestamp, capacity: Int) async throws(StoreError) {
    try await write { database in
      let isFirst = try database.changes(
        "UPDATE pending_authorization SET logged_in_at = :now WHERE id = :id AND logged_in_at IS NULL",
        ["id": .id(id), "now": .time(now)])
      if isFirst { try database.makeRoomForAuthorizations(capacity, at: now) }
    }
  }

  /// See `AuthorizationStore`.
  public func pendingAuthorization(_ id: TransactionID, at now: Timestamp) async throws(StoreError)
    -> PendingAuthorization?
  {
    try await read { database in try database.pendingAuthorization(id, at: now) }
  }

  /// See `AuthorizationStore`.
  public func completeAuthorization(
    _ id: TransactionID, sealedOutcome: [UInt8], code: AuthorizationCode?, consent: Consent?, at now: Timestamp
  ) async throws(StoreError) -> AuthorizationCompletion {
    try await write { database in
      guard let pending = try database.pendingAuthorization(id, at: now) else { return .gone }
      if let outcome = pending.sealedOutcome { return .alreadyCompleted(sealedOutcome: outcome) }
      try database.run(
        "UPDATE pending_authorization SET sealed_outcome = :outcome WHERE id = :id",
        ["id": .id(id), "outcome": .bytes(sealedOutcome)])
      if let code { try database.insert(code) }
      if let consent { try database.remember(consent) }
      return .completed
    }
  }

  /// See `AuthorizationStore`.
  public func removeExpiredAuthorizations(at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM pending_authorization WHERE expires_at <= :now", ["now": .time(now)])
      try database.run("DELETE FROM authorization_code WHERE expires_at <= :now", ["now": .time(now)])
      try database.run("DELETE FROM client_assertion WHERE expires_at <= :now", ["now": .time(now)])
      try database.removeEndedDevices(at: now)
    }
  }
}

extension Database {
  fileprivate func pendingAuthorization(_ id: TransactionID, at now: Timestamp) throws -> PendingAuthorization? {
    try row(
      "SELECT * FROM pending_authorization WHERE id = :id AND expires_at > :now", ["id": .id(id), "now": .time(now)]
    ).map { try PendingAuthorization(row: $0) }
  }

  /// One that is stored can make one too many, and then one goes.
  fileprivate func makeRoomForAuthorizations(_ capacity: Int, at now: Timestamp) throws {
    guard try hasTooManyAuthorizations(capacity) else { return }
    try run("DELETE FROM pending_authorization WHERE expires_at <= :now", ["now": .time(now)])
    guard try hasTooManyAuthorizations(capacity) else { return }
    try run(
      """
      DELETE FROM pending_authorization WHERE id = (
        SELECT id FROM pending_authorization
        WHERE logged_in_at IS NULL AND network = (
          SELECT network FROM pending_authorization WHERE logged_in_at IS NULL
          GROUP BY network ORDER BY COUNT(*) DESC, MIN(created_at), network LIMIT 1)
        ORDER BY created_at, id LIMIT 1)
      AND (SELECT COUNT(*) FROM pending_authorization WHERE logged_in_at IS NULL) > :capacity
      """, ["capacity": .number(capacity)])
    try run(
      """
      DELETE FROM pending_authorization WHERE id = (
        SELECT id FROM pending_authorization
        WHERE logged_in_at IS NOT NULL AND browser = (
          SELECT browser FROM pending_authorization WHERE logged_in_at IS NOT NULL
          GROUP BY browser ORDER BY COUNT(*) DESC, MIN(created_at), browser LIMIT 1)
        ORDER BY created_at, id LIMIT 1)
      AND (SELECT COUNT(*) FROM pending_authorization WHERE logged_in_at IS NOT NULL) > :capacity
      """, ["capacity": .number(capacity)])
  }

  private func hasTooManyAuthorizations(_ capacity: Int) throws -> Bool {
    try count("SELECT COUNT(*) FROM pending_authorization WHERE logged_in_at IS NULL") > capacity
      || count("SELECT COUNT(*) FROM pending_authorization WHERE logged_in_at IS NOT NULL") > capacity
  }

  /// An expired one of the same id gives way.
  fileprivate func insert(_ pending: PendingAuthorization) throws {
    try run(
      """
      INSERT OR REPLACE INTO pending_authorization (id, browser, client, client_name, redirect_uri,
        redirect_uri_was_sent, state, code_challenge, route, scope, flow, created_at, expires_at, network,
        logged_in_at, sealed_outcome)
      VALUES (:id, :browser, :client, :client_name, :redirect_uri, :redirect_uri_was_sent, :state, :code_challenge,
        :route, :scope, :flow, :created_at, :expires_at, :network, :logged_in_at, :sealed_outcome)
      """,
      [
        "id": .id(pending.id), "browser": .digest(pending.browser), "client": .id(pending.client),
        "client_name": .text(pending.clientName), "redirect_uri": .text(pending.redirectURI),
        "redirect_uri_was_sent": .flag(pending.redirectURIWasSent), "state": .text(pending.state),
        "code_challenge": .text(pending.codeChallenge), "route": .route(pending.route), "scope": .scope(pending.scope),
        "flow": .id(pending.flow), "created_at": .time(pending.createdAt), "expires_at": .time(pending.expiresAt),
        "network": .bytes(pending.network.bytes), "logged_in_at": .time(pending.loggedInAt),
        "sealed_outcome": .bytes(pending.sealedOutcome),
      ])
  }
}

extension PendingAuthorization {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      id: try row.id("id"), browser: try row.digest("browser"), client: try row.id("client"),
      clientName: try row.text("client_name"), redirectURI: try row.text("redirect_uri"),
      redirectURIWasSent: try row.flag("redirect_uri_was_sent"), state: try row.optionalText("state"),
      codeChallenge: try row.text("code_challenge"), route: try row.optionalRoute("route"),
      scope: try row.scope("scope"), flow: try row.id("flow"), createdAt: try row.time("created_at"),
      expiresAt: try row.time("expires_at"), network: NetworkPrefix(bytes: try row.bytes("network")),
      loggedInAt: try row.optionalTime("logged_in_at"), sealedOutcome: try row.optionalBytes("sealed_outcome"))
  }
}
