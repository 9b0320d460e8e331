import MartletDomain
import StrictCoding

/// One way by which somebody reaches a server.
public struct AccessEntry: Sendable {
  /// By what.
  public enum Way: String, Sendable {
    /// A consent's chain of tokens.
    case grant
    /// An API key.
    case key
    /// An upstream account.
    case connection
  }

  /// Names the entry: the same for the same way in.
  public let id: ByteString
  /// Who: a name, or the id of whoever has none.
  public let subject: String
  /// The tenant.
  public let tenant: TenantID
  /// The server.
  public let server: ServerName
  /// By what.
  public let way: Way
  /// Which client, key or issuer.
  public let through: String
  /// What it is narrowed to: the state of a connection, the scope of a key.
  public let detail: String?
  /// Since when.
  public let since: Timestamp
  /// When it was last used.
  public let lastUsedAt: Timestamp?
  /// When it ends by itself.
  public let expiresAt: Timestamp?

  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "subject": .string(subject), "tenant": .string(tenant.string), "server": .string(server.string),
      "by": .string(way.rawValue), "through": .string(through), "detail": detail.map { .string($0) } ?? .null,
      "since": .string(since.text), "last_used_at": lastUsedAt.map { .string($0.text) } ?? .null,
      "expires_at": expiresAt.map { .string($0.text) } ?? .null,
    ]
  }
}

/// Who can reach which server, and by what.
public struct AccessReport: Sendable {
  private let store: any DurableStore
  private let clock: any WallClock

  init(store: any DurableStore, clock: any WallClock) {
    self.store = store
    self.clock = clock
  }

  /// Every way in, of one tenant or of all.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for all.
  ///   - servers: The configured servers: a key without servers of its own reaches all that admit its tenant.
  public func entries(tenant: TenantID?, servers: [Configuration.Server]) async throws -> [AccessEntry] {
    let users = Dictionary(
      try await store.users().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let entries =
      try await grants(tenant, users) + keys(tenant, users, servers) + connections(tenant, users)
    return entries.sorted { $0.id < $1.id }
  }

  private func grants(_ tenant: TenantID?, _ users: [UserID: User]) async throws -> [AccessEntry] {
    let names = Dictionary(
      try await store.clients().map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    return try await store.liveGrants(tenant: tenant, at: clock.now()).filter { isEnabled($0.family.user, users) }
      .map { grant in
        let family = grant.family
        return AccessEntry(
          id: Self.id("grant", family.grant.value, family.route.server), subject: name(family.user, users),
          tenant: family.tenant, server: family.route.server, way: .grant, through: family.client.string,
          detail: names[family.client], since: family.createdAt, lastUsedAt: grant.lastUsedAt,
          expiresAt: family.expiresAt)
      }
  }

  private func keys(
    _ tenant: TenantID?, _ users: [UserID: User], _ servers: [Configuration.Server]
  ) async throws -> [AccessEntry] {
    try await store.apiKeys(APIKeyFilter(tenant: tenant, liveAt: clock.now()))
      .filter { key in key.owner.map { isEnabled($0, users) } ?? true }
      .flatMap { key in
        servers.filter { server in
          key.scope.admits(server: server.name) && (server.tenants?.contains(key.tenant) ?? true)
        }.map { server in
          AccessEntry(
            id: Self.id("key", key.id.value, server.name), subject: key.owner.map { name($0, users) } ?? "key itself",
            tenant: key.tenant, server: server.name, way: .key, through: key.name,
            detail: APIKeyJSON.words(key.scope), since: key.createdAt, lastUsedAt: key.lastUsedAt,
            expiresAt: key.expiresAt)
        }
      }
  }

  private func connections(_ tenant: TenantID?, _ users: [UserID: User]) async throws -> [AccessEntry] {
    try await store.connections(tenant: tenant, owner: nil).filter { $0.ledger.state != .revoked }.map { connection in
      let key = connection.key
      let owner =
        switch key.owner {
        case .user(let user): name(user, users)
        case .tenant: "tenant"
        }
      return AccessEntry(
        id: Self.id("connection", key.owner.stored, key.route.server), subject: owner, tenant: key.tenant,
        server: key.route.server, way: .connection, through: connection.issuer,
        detail: connection.ledger.state.rawValue, since: connection.connectedAt, lastUsedAt: connection.refreshedAt,
        expiresAt: nil)
    }
  }

  private func isEnabled(_ user: UserID, _ users: [UserID: User]) -> Bool { users[user]?.disabledAt == nil }

  private func name(_ user: UserID, _ users: [UserID: User]) -> String {
    users[user].map { $0.accountName ?? $0.displayName } ?? user.string
  }

  private static func id(_ way: String, _ id: ByteString, _ server: ServerName) -> ByteString {
    ByteString(Array("\(way)\u{0}".utf8) + id.bytes + [0] + server.value.bytes)
  }
}
