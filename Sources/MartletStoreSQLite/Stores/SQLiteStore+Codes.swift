import GRDB
import MartletDomain

extension SQLiteStore {
  /// See `AuthorizationStore`.
  public func authorizationCode(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> AuthorizationCode?
  {
    try await read { database in try database.code(digest, at: now).map { try AuthorizationCode(row: $0) } }
  }

  /// See `AuthorizationStore`.
  public func redeemAuthorizationCode(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken?, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption {
    try await write { database in
      guard let row = try database.code(digest, at: now) else { return .gone }
      if try row.optionalTime("spent_at") != nil {
        let grant: GrantID = try row.id("grant_id")
        _ = try database.revokeFamilies(.grant(grant), at: now)
        return .alreadyRedeemed(grant)
      }
      try database.run(
        "UPDATE authorization_code SET spent_at = :now WHERE digest = :digest",
        ["digest": .digest(digest), "now": .time(now)])
      try database.insert(family)
      if let token { try database.insert(token, tenant: family.tenant) }
      // In the same step: a client with a live grant never counts as unused.
      try database.noteClientUse(family.client, at: now)
      return .redeemed
    }
  }
}

extension Database {
  fileprivate func code(_ digest: ArtefactDigest, at now: Timestamp) throws -> Row? {
    try row(
      "SELECT * FROM authorization_code WHERE digest = :digest AND expires_at > :now",
      ["digest": .digest(digest), "now": .time(now)])
  }

  /// Removes what was allowed, but not redeemed yet. Of a grant that is known by name, there is nothing left to redeem.
  func removeUnredeemed(_ target: RevocationTarget) throws {
    var values: [String: DatabaseValue] = ["tenant": .null, "user": .null, "client": .null, "route": .null]
    switch target {
    case .accessToken, .grant: return
    case .user(let tenant, let user): values.merge(["tenant": .id(tenant), "user": .id(user)]) { $1 }
    case .client(let client): values["client"] = .id(client)
    case .tenant(let tenant): values["tenant"] = .id(tenant)
    case .route(let route): values["route"] = .route(route)
    }
    try run(
      """
      DELETE FROM authorization_code
      WHERE spent_at IS NULL AND (:tenant IS NULL OR tenant = :tenant) AND (:user IS NULL OR user_id = :user)
        AND (:client IS NULL OR client = :client) AND (:route IS NULL OR route = :route)
      """, values)
    try run(
      """
      DELETE FROM device_authorization
      WHERE spent_at IS NULL AND grant_id IS NOT NULL AND (:tenant IS NULL OR tenant = :tenant)
        AND (:user IS NULL OR user_id = :user) AND (:client IS NULL OR client = :client)
        AND (:route IS NULL OR granted_route = :route)
      """, values)
  }

  func insert(_ code: AuthorizationCode) throws {
    try run(
      """
      INSERT INTO authorization_code (digest, tenant, grant_id, user_id, client, redirect_uri, redirect_uri_was_sent,
        code_challenge, route, scope, flow, issued_at, expires_at)
      VALUES (:digest, :tenant, :grant_id, :user_id, :client, :redirect_uri, :redirect_uri_was_sent, :code_challenge,
        :route, :scope, :flow, :issued_at, :expires_at)
      """,
      [
        "digest": .digest(code.digest), "tenant": .id(code.tenant), "grant_id": .id(code.grant),
        "user_id": .id(code.user), "client": .id(code.client), "redirect_uri": .text(code.redirectURI),
        "redirect_uri_was_sent": .flag(code.redirectURIWasSent), "code_challenge": .text(code.codeChallenge),
        "route": .route(code.route), "scope": .scope(code.scope), "flow": .id(code.flow),
        "issued_at": .time(code.issuedAt), "expires_at": .time(code.expiresAt),
      ])
  }
}

extension AuthorizationCode {
  fileprivate init(row: Row) throws(StoreError) {
    self.init(
      digest: try row.digest("digest"), grant: try row.id("grant_id"), tenant: try row.id("tenant"),
      user: try row.id("user_id"), client: try row.id("client"), redirectURI: try row.text("redirect_uri"),
      redirectURIWasSent: try row.flag("redirect_uri_was_sent"), codeChallenge: try row.text("code_challenge"),
      route: try row.route("route"), scope: try row.scope("scope"), flow: try row.id("flow"),
      issuedAt: try row.time("issued_at"), expiresAt: try row.time("expires_at"))
  }
}
