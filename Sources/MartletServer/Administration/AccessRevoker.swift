import MartletAuthorizationServer
import MartletDomain
import MartletIdentity

/// Takes away all that somebody has, in every process within a second: tokens, logins, consents, sessions, keys and
/// upstream connections; open streams end with the right to them. The record stands before the effect; calling
/// again finishes what was left undone.
public struct AccessRevoker: Sendable {
  private let store: any DurableStore
  private let revoker: Revoker
  private let keys: APIKeys
  private let delegations: Delegations
  private let index: RevocationIndex
  private let audit: any AuditSink
  private let clock: any WallClock

  init(
    store: any DurableStore, revoker: Revoker, keys: APIKeys, delegations: Delegations, index: RevocationIndex,
    audit: any AuditSink, clock: any WallClock
  ) {
    self.store = store
    self.revoker = revoker
    self.keys = keys
    self.delegations = delegations
    self.index = index
    self.audit = audit
    self.clock = clock
  }

  /// Takes access away. Whoever may still log in, or register, can begin anew.
  ///
  /// - Parameters:
  ///   - target: Whose access.
  ///   - others: The other servers of the configuration, which keys and delegations go on for where a server is the
  ///     target.
  ///   - asker: Who wants it.
  ///   - desk: Takes upstream tokens back where they were issued, last of all.
  public func revoke(
    _ target: AccessTarget, leaving others: Set<ServerName> = [], by asker: Asker,
    with desk: () async -> ConnectionDesk?
  ) async throws -> AccessRevocation {
    var event = asker.event(.accessRevoked, at: clock.now(), target: target.trailName)
    switch target {
    case .user(let user): event.tenant = user.tenant
    case .tenant(let tenant): event.tenant = tenant
    case .client(let client): event.client = client
    case .server(let route): event.route = route.path
    }
    try await audit.recordDurably(event)
    try await endLogins(target)
    var done = AccessRevocation()
    done.keys = try await keys.revoke(try await keysOf(target), reason: "access_revoked", by: asker)
    done.delegations = try await delegations.revoke(
      try await delegationsOf(target), reason: "access_revoked", by: asker)
    if case .server(let route) = target {
      let withdrawn = try await store.withdrawServer(route.server, leaving: others, at: clock.now())
      for row in withdrawn.rows { index.apply(row) }
      done.keys += withdrawn.endedKeys
      done.delegations += withdrawn.endedDelegations
      done.narrowed = withdrawn.narrowed
    }
    done.grants = try await revoker.revoke(target.revocation, event: event).count
    done.approvals = try await store.endApprovals(of: target.revocation, at: clock.now())
    done.sessions = try await store.endMCPSessions(of: target.revocation)
    let connections = try await endConnections(target)
    done.connections = connections.count
    if !connections.isEmpty { await desk()?.takeBack(connections) }
    return done
  }

  /// Takes a user's access away and removes the user.
  public func remove(
    _ user: User, by asker: Asker, with desk: () async -> ConnectionDesk?
  ) async throws {
    // Disabled first, so that nothing new begins meanwhile.
    _ = try await store.setUserDisabled(user.id, at: clock.now())
    _ = try await revoke(.user(user), by: asker, with: desk)
    try await audit.recordDurably(
      AuditEvent(
        at: clock.now(), action: .userChanged, tenant: user.tenant, request: asker.request, subject: user.id.string,
        target: user.trailName, reason: "removed", address: asker.address))
    _ = try await store.removeUser(user.id)
  }

  private func endLogins(_ target: AccessTarget) async throws {
    switch target {
    case .user(let user): try await endLogins(of: user)
    case .tenant(let tenant):
      for user in try await store.users() where user.tenant == tenant { try await endLogins(of: user) }
    case .client, .server: break
    }
  }

  private func endLogins(of user: User) async throws {
    try await store.endLoginSessions(tenant: user.tenant, user: user.id)
    try await store.forgetConsents(tenant: user.tenant, user: user.id, client: nil)
  }

  private func keysOf(_ target: AccessTarget) async throws -> [APIKey] {
    let now = clock.now()
    return switch target {
    case .user(let user): try await store.apiKeys(APIKeyFilter(owner: user.id, liveAt: now))
    case .tenant(let tenant): try await store.apiKeys(APIKeyFilter(tenant: tenant, liveAt: now))
    // A key stands for a client of its own.
    case .client(let client): try await store.apiKeys(APIKeyFilter(liveAt: now)).filter { $0.client == client }
    // These are narrowed.
    case .server: []
    }
  }

  private func delegationsOf(_ target: AccessTarget) async throws -> [Delegation] {
    let now = clock.now()
    switch target {
    case .user(let user):
      return try await store.delegations(DelegationFilter(user: user.id, liveAt: now))
        + store.delegations(DelegationFilter(job: user.id, liveAt: now))
    case .tenant(let tenant): return try await store.delegations(DelegationFilter(tenant: tenant, liveAt: now))
    case .client, .server: return []
    }
  }

  private func endConnections(_ target: AccessTarget) async throws -> [UpstreamConnection] {
    let found: [UpstreamConnection]
    switch target {
    case .user(let user): found = try await store.connections(tenant: user.tenant, owner: .user(user.id))
    case .tenant(let tenant): found = try await store.connections(tenant: tenant, owner: nil)
    case .server(let route):
      found = try await store.connections(tenant: nil, owner: nil).filter { $0.key.route == route }
    case .client: return []
    }
    var ended: [UpstreamConnection] = []
    for connection in found where try await store.revokeConnection(connection.key, because: .withdrawn) {
      ended.append(connection)
    }
    return ended
  }
}
