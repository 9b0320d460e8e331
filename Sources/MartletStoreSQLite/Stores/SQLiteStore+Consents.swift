import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuthorizationStore`.
  public func consent(
    tenant: TenantID, user: UserID, client: ClientID, route: RouteID, redirectHost: String, browser: ArtefactDigest
  ) async throws(StoreError) -> Consent? {
    let key = Consent(
      tenant: tenant, user: user, client: client, route: route, redirectHost: redirectHost, browser: browser, scope: [],
      grantedAt: .distantPast)
    return try await read { database in try database.consent(like: key) }
  }

  /// See `AuthorizationStore`.
  public func forgetConsents(tenant: TenantID, user: UserID, client: ClientID?) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        DELETE FROM consent
        WHERE tenant = :tenant AND user_id = :user AND (:client IS NULL OR client = :client)
        """, ["tenant": .id(tenant), "user": .id(user), "client": .id(client)])
    }
  }

  /// See `AuthorizationStore`.
  public func rememberAssertion(of client: ClientID, id: [UInt8], until expiry: Timestamp) async throws(StoreError)
    -> Bool
  {
    try await write { database in
      try database.changes(
        "INSERT OR IGNORE INTO client_assertion (client, id, expires_at) VALUES (:client, :id, :expiry)",
        ["client": .id(client), "id": .bytes(id), "expiry": .time(expiry)])
    }
  }
}

extension Database {
  /// Stores a consent; the scope grows by what was agreed to before.
  func remember(_ consent: Consent) throws {
    let known = try self.consent(like: consent)
    let scope = known.map { $0.scope.union(consent.scope) } ?? consent.scope
    try run(
      """
      INSERT OR REPLACE INTO consent (tenant, user_id, client, route, redirect_host, browser, scope, granted_at)
      VALUES (:tenant, :user, :client, :route, :redirect_host, :browser, :scope, :granted_at)
      """, consent.key.merging(["scope": .scope(scope), "granted_at": .time(consent.grantedAt)]) { _, new in new })
  }

  fileprivate func consent(like consent: Consent) throws -> Consent? {
    try row(
      """
      SELECT * FROM consent
      WHERE tenant = :tenant AND user_id = :user AND client = :client AND route = :route
        AND redirect_host = :redirect_host AND browser = :browser
      """, consent.key
    ).map { try Consent(row: $0) }
  }
}

extension Consent {
  fileprivate var key: [String: DatabaseValue] {
    [
      "tenant": .id(tenant), "user": .id(user), "client": .id(client), "route": .route(route),
      "redirect_host": .text(redirectHost), "browser": .digest(browser),
    ]
  }

  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      tenant: try row.id("tenant"), user: try row.id("user_id"), client: try row.id("client"),
      route: try row.route("route"), redirectHost: try row.text("redirect_host"), browser: try row.digest("browser"),
      scope: try row.scope("scope"), grantedAt: try row.time("granted_at"))
  }
}
