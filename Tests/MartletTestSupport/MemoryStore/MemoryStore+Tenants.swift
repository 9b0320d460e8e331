import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `TenantStore`.
  public func tenantStates() async throws(StoreError) -> [TenantID: TenantState] { try access { $0.tenantStates } }

  /// See `TenantStore`.
  public func tenantState(_ tenant: TenantID) async throws(StoreError) -> TenantState {
    try access { $0.tenantStates[tenant] ?? .active }
  }

  /// See `TenantStore`.
  public func setTenantState(_ tenant: TenantID, _ state: TenantState, at now: Timestamp)
    async throws(StoreError) -> Bool
  {
    try access { store in
      guard store.tenantStates[tenant] != .deleted else { return state == .deleted }
      store.tenantStates[tenant] = state == .active ? nil : state
      return true
    }
  }

  /// See `TenantStore`.
  public func tenants() async throws(StoreError) -> Set<TenantID> {
    try access { state in
      Set(state.users.values.map(\.user.tenant)).union(state.apiKeys.values.map(\.tenant))
        .union(state.delegations.values.map(\.tenant)).union(state.tenantStates.keys)
    }
  }

  /// See `TenantStore`.
  public func purgeTenant(_ tenant: TenantID) async throws(StoreError) -> Int {
    try access { state in
      guard state.tenantStates[tenant] == .deleted else { return 0 }
      let before = state.users.count + state.apiKeys.count + state.delegations.count
      state.users = state.users.filter { $0.value.user.tenant != tenant }
      state.apiKeys = state.apiKeys.filter { $0.value.tenant != tenant }
      state.delegations = state.delegations.filter { $0.value.tenant != tenant }
      state.dataKeys.removeAll { $0.tenant == tenant }
      state.connections = state.connections.filter { $0.key.tenant != tenant }
      state.ownedTasks.removeAll { $0.tenant == tenant }
      return before - state.users.count - state.apiKeys.count - state.delegations.count
    }
  }

  /// See `IdempotencyStore`.
  public func beginIdempotent(
    _ key: [UInt8], by principal: String, tenant: TenantID, request: [UInt8], at now: Timestamp,
    until expiry: Timestamp, capacity: Int
  ) async throws(StoreError) -> IdempotentBeginning {
    try access { state in
      state.idempotent = state.idempotent.filter { $0.value.expiresAt > now }
      let name = MemoryStoreState.IdempotentName(principal: ByteString(principal), key: key)
      if let known = state.idempotent[name] {
        guard known.request == request else { return .different }
        return known.answer.map { .answered(status: $0.status, sealedAnswer: $0.sealed) } ?? .underWay
      }
      if state.idempotent.keys.filter({ $0.principal == name.principal }).count >= capacity { return .full }
      state.idempotent[name] = .init(request: request, expiresAt: expiry)
      return .first
    }
  }

  /// See `IdempotencyStore`.
  public func endIdempotent(
    _ key: [UInt8], by principal: String, answer: (status: Int, sealed: [UInt8])?
  ) async throws(StoreError) {
    try access { state in
      let name = MemoryStoreState.IdempotentName(principal: ByteString(principal), key: key)
      guard let answer else {
        state.idempotent[name] = nil
        return
      }
      state.idempotent[name]?.answer = .init(status: answer.status, sealed: answer.sealed)
    }
  }
}

extension MemoryStoreState {
  struct IdempotentName: Hashable, Sendable {
    let principal: ByteString
    let key: [UInt8]
  }

  struct IdempotentRequest: Sendable {
    struct Answer: Sendable {
      let status: Int
      let sealed: [UInt8]
    }

    let request: [UInt8]
    let expiresAt: Timestamp
    var answer: Answer?
  }

  /// A user as the tenant's standing lets them be seen.
  func standing(_ user: UserID) -> User? {
    users[user].map { stored in
      var user = stored.user
      if tenantStates[user.tenant] != nil { user.disabledAt = user.disabledAt ?? user.createdAt }
      return user
    }
  }
}
