import MartletDomain
import MartletPolicy
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
    /// What a user lets a job do; a key of the job is needed beside it.
    case delegation
    /// A client that acts for itself.
    case clientCredentials = "client_credentials"
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
  /// When a call last went through by it to the server, to within `AccessUse.grain`; `nil` for never.
  public let lastUsedAt: Timestamp?
  /// When it ends by itself.
  public let expiresAt: Timestamp?
  /// The user or the client who acts, for the rules about it.
  var caller: PolicyCaller?
  /// The rules about the caller at the server, by name and effect; none where everybody may do everything.
  public internal(set) var rules: [String] = []

  /// As commands and the admin API show it.
  public var json: JSONObject {
    [
      "subject": .string(subject), "tenant": .string(tenant.string), "server": .string(server.string),
      "by": .string(way.rawValue), "through": .string(through), "detail": detail.map { .string($0) } ?? .null,
      "since": .string(since.text), "last_used_at": lastUsedAt.map { .string($0.text) } ?? .null,
      "expires_at": expiresAt.map { .string($0.text) } ?? .null, "rules": .array(rules.map { .string($0) }),
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
  ///   - configuration: Its servers: a key without servers of its own reaches all that admit its tenant; its clients, and
  ///     its rules.
  public func entries(tenant: TenantID?, in configuration: Configuration) async throws -> [AccessEntry] {
    let servers = configuration.servers
    let users = Dictionary(
      try await store.users().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let uses = AccessUses(try await store.accessUses(tenant: tenant))
    let entries =
      try await grants(tenant, users, uses) + keys(tenant, users, servers, uses) + connections(tenant, users, uses)
      + delegations(tenant, users, uses) + machines(tenant, configuration, uses)
    return entries.sorted { $0.id < $1.id }.map { entry in
      var entry = entry
      if let policy = configuration.policy, let caller = entry.caller {
        entry.rules = policy.server(entry.server).names(about: caller)
      }
      return entry
    }
  }

  private func grants(
    _ tenant: TenantID?, _ users: [UserID: User], _ uses: AccessUses
  ) async throws -> [AccessEntry] {
    let names = Dictionary(
      try await store.clients().map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    return try await store.liveGrants(tenant: tenant, at: clock.now()).filter { isEnabled($0.family.user, users) }
      .map { grant in
        let family = grant.family
        return AccessEntry(
          id: Self.id("grant", family.grant.value, family.route.server), subject: name(family.user, users),
          tenant: family.tenant, server: family.route.server, way: .grant, through: family.client.string,
          detail: names[family.client], since: family.createdAt,
          // What the admin API is asked isn't a call: there the newest token tells.
          lastUsedAt: family.route == .administration
            ? grant.lastIssuedAt
            : uses.last(family.tenant, family.user.value, family.client.value, at: family.route.server),
          expiresAt: family.expiresAt, caller: caller(family.user, family.tenant, family.client, users))
      }
  }

  private func keys(
    _ tenant: TenantID?, _ users: [UserID: User], _ servers: [Configuration.Server], _ uses: AccessUses
  ) async throws -> [AccessEntry] {
    try await store.apiKeys(APIKeyFilter(tenant: tenant, liveAt: clock.now()))
      // One that acts for a user is told of with the delegation.
      .filter { key in key.delegation == nil && key.owner.map { isEnabled($0, users) } ?? true }
      .flatMap { key in
        servers.filter { server in
          key.scope.admits(server: server.name) && (server.tenants?.contains(key.tenant) ?? true)
        }.map { server in
          AccessEntry(
            id: Self.id("key", key.id.value, server.name), subject: key.owner.map { name($0, users) } ?? "key itself",
            tenant: key.tenant, server: server.name, way: .key, through: key.name,
            detail: APIKeyJSON.words(key.scope), since: key.createdAt,
            lastUsedAt: uses.last(key.tenant, key.subject, key.client.value, at: server.name), expiresAt: key.expiresAt,
            caller: PolicyCaller(
              tenant: key.tenant, subject: key.subject, client: key.client, user: key.owner.flatMap { users[$0] }))
        }
      }
  }

  private func connections(
    _ tenant: TenantID?, _ users: [UserID: User], _ uses: AccessUses
  ) async throws -> [AccessEntry] {
    try await store.connections(tenant: tenant, owner: nil).filter { $0.ledger.state != .revoked }.map { connection in
      let key = connection.key
      let (owner, subject): (String, ByteString?) =
        switch key.owner {
        case .user(let user): (name(user, users), user.value)
        case .tenant: ("tenant", nil)
        }
      return AccessEntry(
        id: Self.id("connection", key.owner.stored, key.route.server), subject: owner, tenant: key.tenant,
        server: key.route.server, way: .connection, through: connection.issuer,
        detail: connection.ledger.state.rawValue, since: connection.connectedAt,
        lastUsedAt: uses.last(key.tenant, subject, nil, at: key.route.server, since: connection.connectedAt),
        expiresAt: nil)
    }
  }

  private func delegations(
    _ tenant: TenantID?, _ users: [UserID: User], _ uses: AccessUses
  ) async throws -> [AccessEntry] {
    let keys = Dictionary(
      grouping: try await store.apiKeys(APIKeyFilter(tenant: tenant)).filter { $0.delegation != nil },
      by: { $0.delegation })
    return try await store.delegations(DelegationFilter(tenant: tenant, liveAt: clock.now()))
      .filter { isEnabled($0.user, users) && isEnabled($0.job, users) }
      .flatMap { one in
        one.servers.map { server in
          AccessEntry(
            id: Self.id("delegation", one.id.value, server), subject: name(one.user, users), tenant: one.tenant,
            server: server, way: .delegation, through: name(one.job, users), detail: DelegationJSON.words(one),
            since: one.createdAt,
            lastUsedAt: (keys[one.id] ?? []).compactMap { key in
              uses.last(one.tenant, one.user.value, key.client.value, at: server)
            }.max(), expiresAt: one.expiresAt,
            caller: caller(one.user, one.tenant, ClientID(one.id.value), users))
        }
      }
  }

  /// Clients that act for themselves, of the file and of the store.
  private func machines(
    _ tenant: TenantID?, _ configuration: Configuration, _ uses: AccessUses
  ) async throws -> [AccessEntry] {
    let states = try await store.tenantStates()
    return (try await store.clients() + configuration.clients).filter { client in
      client.grantTypes.contains(.clientCredentials) && (tenant.map { $0 == client.tenant } ?? true)
        && states[client.tenant] == nil
    }.flatMap { client in
      configuration.servers.filter { server in
        (client.servers?.contains(server.name) ?? true) && (server.tenants?.contains(client.tenant) ?? true)
      }.map { server in
        AccessEntry(
          id: Self.id("client_credentials", client.id.value, server.name), subject: client.id.string,
          tenant: client.tenant, server: server.name, way: .clientCredentials, through: client.name, detail: nil,
          since: client.createdAt,
          lastUsedAt: uses.last(client.tenant, client.id.value, client.id.value, at: server.name), expiresAt: nil,
          caller: PolicyCaller(tenant: client.tenant, subject: client.id.value, client: client.id, user: nil))
      }
    }
  }

  private func caller(
    _ user: UserID, _ tenant: TenantID, _ client: ClientID, _ users: [UserID: User]
  ) -> PolicyCaller {
    PolicyCaller(tenant: tenant, subject: user.value, client: client, user: users[user])
  }

  private func isEnabled(_ user: UserID, _ users: [UserID: User]) -> Bool { users[user]?.disabledAt == nil }

  private func name(_ user: UserID, _ users: [UserID: User]) -> String {
    users[user].map(\.shownName) ?? user.string
  }

  private static func id(_ way: String, _ id: ByteString, _ server: ServerName) -> ByteString {
    ByteString(Array("\(way)\u{0}".utf8) + id.bytes + [0] + server.value.bytes)
  }
}
