import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `RefreshTokenStore`.
  public func refreshFamily(_ grant: GrantID) async throws(StoreError) -> RefreshFamily? {
    try await read { database in try database.family(grant) }
  }

  /// See `RefreshTokenStore`.
  public func revokeFamilies(_ target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> [GrantID] {
    try await write { database in try database.revokeFamilies(target, at: now) }
  }

  /// See `RefreshTokenStore`.
  public func removeEndedFamilies(before time: Timestamp) async throws(StoreError) {
    try await write { database in
      try database.run(
        "DELETE FROM refresh_family WHERE expires_at < :time OR revoked_at < :time", ["time": .time(time)])
      try database.run(
        "UPDATE refresh_token SET sealed_reply = NULL WHERE sealed_reply IS NOT NULL AND replay_until < :time",
        ["time": .time(time)])
    }
  }
}

extension SQLiteStore {
  /// See `RefreshTokenStore`.
  public func liveGrants(tenant: TenantID?, at now: Timestamp) async throws(StoreError) -> [LiveGrant] {
    try await read { database in
      try database.rows(
        """
        SELECT refresh_family.*,
          (SELECT max(issued_at) FROM refresh_token WHERE refresh_token.grant_id = refresh_family.grant_id) AS used_at
        FROM refresh_family
        WHERE revoked_at IS NULL AND expires_at > :now AND (:tenant IS NULL OR tenant = :tenant) ORDER BY grant_id
        """, ["now": .time(now), "tenant": .id(tenant)]
      ).map { row in
        LiveGrant(family: try RefreshFamily(row: row), lastIssuedAt: try row.optionalTime("used_at"))
      }
    }
  }
}

extension Database {
  /// The family of a grant.
  func family(_ grant: GrantID) throws -> RefreshFamily? {
    try row("SELECT * FROM refresh_family WHERE grant_id = :grant", ["grant": .id(grant)])
      .map { try RefreshFamily(row: $0) }
  }

  /// Ends families that were not ended before, and names them; what would begin further ones ends, too.
  func revokeFamilies(_ target: RevocationTarget, at now: Timestamp) throws -> [GrantID] {
    try removeUnredeemed(target)
    let ended =
      switch target {
      case .accessToken: [Row]()
      case .grant(let grant):
        try rows(
          """
          UPDATE refresh_family SET revoked_at = :now WHERE revoked_at IS NULL AND grant_id = :grant RETURNING grant_id
          """, ["now": .time(now), "grant": .id(grant)])
      case .user(let tenant, let user):
        try rows(
          """
          UPDATE refresh_family SET revoked_at = :now
          WHERE revoked_at IS NULL AND tenant = :tenant AND user_id = :user RETURNING grant_id
          """, ["now": .time(now), "tenant": .id(tenant), "user": .id(user)])
      case .client(let client):
        try rows(
          """
          UPDATE refresh_family SET revoked_at = :now WHERE revoked_at IS NULL AND client = :client RETURNING grant_id
          """, ["now": .time(now), "client": .id(client)])
      case .tenant(let tenant):
        try rows(
          """
          UPDATE refresh_family SET revoked_at = :now WHERE revoked_at IS NULL AND tenant = :tenant RETURNING grant_id
          """, ["now": .time(now), "tenant": .id(tenant)])
      case .route(let route):
        try rows(
          """
          UPDATE refresh_family SET revoked_at = :now WHERE revoked_at IS NULL AND route = :route RETURNING grant_id
          """, ["now": .time(now), "route": .route(route)])
      }
    return try ended.map { row throws(StoreError) -> GrantID in try row.id("grant_id") }.sorted()
  }

  /// Stores a family.
  func insert(_ family: RefreshFamily) throws {
    try run(
      """
      INSERT INTO refresh_family (grant_id, tenant, user_id, client, route, scope, flow, created_at, expires_at,
        revoked_at)
      VALUES (:grant_id, :tenant, :user_id, :client, :route, :scope, :flow, :created_at, :expires_at, :revoked_at)
      """,
      [
        "grant_id": .id(family.grant), "tenant": .id(family.tenant), "user_id": .id(family.user),
        "client": .id(family.client), "route": .route(family.route), "scope": .scope(family.scope),
        "flow": .id(family.flow), "created_at": .time(family.createdAt), "expires_at": .time(family.expiresAt),
        "revoked_at": .time(family.revokedAt),
      ])
  }
}

extension RefreshFamily {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      grant: try row.id("grant_id"), tenant: try row.id("tenant"), user: try row.id("user_id"),
      client: try row.id("client"), route: try row.route("route"), scope: try row.scope("scope"),
      flow: try row.id("flow"), createdAt: try row.time("created_at"), expiresAt: try row.time("expires_at"),
      revokedAt: try row.optionalTime("revoked_at"))
  }
}
