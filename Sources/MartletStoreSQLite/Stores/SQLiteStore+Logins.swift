import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `LoginSessionStore`.
  public func createLoginSession(_ session: LoginSession) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        INSERT OR REPLACE INTO login_session (digest, tenant, browser, user_id, authenticated_at, expires_at)
        VALUES (:digest, :tenant, :browser, :user, :authenticated_at, :expires_at)
        """,
        [
          "digest": .digest(session.digest), "tenant": .id(session.tenant), "browser": .digest(session.browser),
          "user": .id(session.user), "authenticated_at": .time(session.authenticatedAt),
          "expires_at": .time(session.expiresAt),
        ])
    }
  }

  /// See `LoginSessionStore`.
  public func loginSession(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError) -> LoginSession? {
    try await read { database in
      try database.row(
        "SELECT * FROM login_session WHERE digest = :digest AND expires_at > :now",
        ["digest": .digest(digest), "now": .time(now)]
      ).map { try LoginSession(row: $0) }
    }
  }

  /// See `LoginSessionStore`.
  public func endLoginSession(_ digest: ArtefactDigest) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM login_session WHERE digest = :digest", ["digest": .digest(digest)])
    }
  }

  /// See `LoginSessionStore`.
  public func endLoginSessions(tenant: TenantID, user: UserID) async throws(StoreError) {
    try await write { database in
      try database.run(
        "DELETE FROM login_session WHERE tenant = :tenant AND user_id = :user",
        ["tenant": .id(tenant), "user": .id(user)])
    }
  }

  /// See `LoginSessionStore`.
  public func beginFederatedLogin(
    _ login: FederatedLogin, capacity: Int, at now: Timestamp
  ) async throws(StoreError) {
    try await write { database in
      try database.run(
        """
        INSERT OR REPLACE INTO federated_login (state, provider, browser, transaction_id, nonce, sealed_verifier,
          expires_at, network)
        VALUES (:state, :provider, :browser, :transaction, :nonce, :sealed_verifier, :expires_at, :network)
        """,
        [
          "state": .digest(login.state), "provider": .text(login.provider), "browser": .digest(login.browser),
          "transaction": .id(login.transaction), "nonce": .text(login.nonce),
          "sealed_verifier": .bytes(login.sealedVerifier), "expires_at": .time(login.expiresAt),
          "network": .bytes(login.network.bytes),
        ])
      try database.makeRoomForFederatedLogins(capacity, besides: login.state, at: now)
    }
  }

  /// See `LoginSessionStore`.
  public func consumeFederatedLogin(_ state: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> FederatedLogin?
  {
    try await write { database in
      let taken = try database.row(
        "DELETE FROM federated_login WHERE state = :state RETURNING *", ["state": .digest(state)])
      guard let taken, try taken.time("expires_at") > now else { return nil }
      return try FederatedLogin(row: taken)
    }
  }

  /// See `LoginSessionStore`.
  public func removeExpiredLogins(at now: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run("DELETE FROM login_session WHERE expires_at <= :now", ["now": .time(now)])
      try database.run("DELETE FROM federated_login WHERE expires_at <= :now", ["now": .time(now)])
    }
  }
}

extension Database {
  /// One that is stored can make one too many, and then one goes.
  fileprivate func makeRoomForFederatedLogins(
    _ capacity: Int, besides newest: ArtefactDigest, at now: Timestamp
  ) throws {
    guard try count("SELECT COUNT(*) FROM federated_login") > capacity else { return }
    try run("DELETE FROM federated_login WHERE expires_at <= :now", ["now": .time(now)])
    try run(
      """
      DELETE FROM federated_login WHERE state = (
        SELECT state FROM federated_login
        WHERE state <> :newest AND network = (
          SELECT network FROM federated_login WHERE state <> :newest
          GROUP BY network ORDER BY COUNT(*) DESC, MIN(expires_at), network LIMIT 1)
        ORDER BY expires_at, state LIMIT 1)
      AND (SELECT COUNT(*) FROM federated_login) > :capacity
      """, ["newest": .digest(newest), "capacity": .number(capacity)])
  }
}

extension LoginSession {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      digest: try row.digest("digest"), browser: try row.digest("browser"), tenant: try row.id("tenant"),
      user: try row.id("user_id"), authenticatedAt: try row.time("authenticated_at"),
      expiresAt: try row.time("expires_at"))
  }
}

extension FederatedLogin {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      state: try row.digest("state"), provider: try row.text("provider"), browser: try row.digest("browser"),
      transaction: try row.optionalID("transaction_id"), nonce: try row.text("nonce"),
      sealedVerifier: try row.bytes("sealed_verifier"), expiresAt: try row.time("expires_at"),
      network: NetworkPrefix(bytes: try row.bytes("network")))
  }
}
