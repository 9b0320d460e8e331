import MartletDomain

extension MemoryStore {
  /// See `DelegationStore`.
  public func createDelegation(_ delegation: Delegation, capacity: Int) async throws(StoreError) -> Bool {
    try access { state in
      let live = state.delegations.values.filter {
        $0.tenant == delegation.tenant && $0.user == delegation.user && $0.isLive(at: delegation.createdAt)
      }
      if live.count >= capacity { return false }
      state.delegations[delegation.id] = delegation
      return true
    }
  }

  /// See `DelegationStore`.
  public func delegation(_ id: DelegationID) async throws(StoreError) -> Delegation? {
    try access { $0.delegations[id] }
  }

  /// See `DelegationStore`.
  public func delegations(_ filter: DelegationFilter) async throws(StoreError) -> [Delegation] {
    try access { state in
      state.delegations.values.filter { one in
        (filter.tenant.map { $0 == one.tenant } ?? true) && (filter.user.map { $0 == one.user } ?? true)
          && (filter.job.map { $0 == one.job } ?? true) && (filter.liveAt.map { one.isLive(at: $0) } ?? true)
      }.sorted { $0.id < $1.id }
    }
  }

  /// See `DelegationStore`.
  public func revokeDelegations(_ ids: [DelegationID], at now: Timestamp) async throws(StoreError) -> [Revocation] {
    try access { state in ids.compactMap { state.endDelegation($0, at: now) } }
  }

  /// See `DelegationStore`.
  public func withdrawServer(_ server: ServerName, leaving others: Set<ServerName>, at now: Timestamp)
    async throws(StoreError) -> ServerWithdrawal
  {
    try access { state in
      var done = ServerWithdrawal()
      for one in state.delegations.values where one.isLive(at: now) && one.servers.contains(server) {
        if one.servers == [server] {
          if let row = state.endDelegation(one.id, at: now) { done.rows.append(row) }
          done.endedDelegations += 1
        } else {
          state.delegations[one.id]?.servers.remove(server)
          done.narrowed += 1
        }
      }
      for key in state.apiKeys.values where key.isLive(at: now) && key.scope.admits(server: server) {
        let rest = (key.scope.servers ?? others).subtracting([server])
        if rest.isEmpty {
          state.apiKeys[key.id]?.revokedAt = now
          let row = key.revocation(from: now, at: now)
          state.append([row])
          done.rows.append(row)
          done.endedKeys += 1
        } else {
          state.apiKeys[key.id]?.scope.servers = rest
          done.narrowed += 1
        }
      }
      return done
    }
  }
}

extension MemoryStoreState {
  fileprivate mutating func endDelegation(_ id: DelegationID, at now: Timestamp) -> Revocation? {
    guard let one = delegations[id], one.isLive(at: now) else { return nil }
    delegations[id]?.revokedAt = now
    let row = one.revocation(at: now)
    append([row])
    return row
  }
}
