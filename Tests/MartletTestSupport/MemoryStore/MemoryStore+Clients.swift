import MartletDomain

extension MemoryStore {
  /// See `ClientStore`.
  public func client(_ id: ClientID) async throws(StoreError) -> RegisteredClient? {
    try access { $0.clients[id] }
  }

  /// See `ClientStore`.
  public func registerClient(_ client: RegisteredClient, quota: RegistrationQuota?) async throws(StoreError)
    -> ClientRegistrationOutcome
  {
    try access { state in
      if let same = state.clients.values.first(where: { $0.isSameRegistration(as: client) }) { return .existing(same) }
      guard state.clients[client.id] == nil else { return .quotaExceeded }
      if let quota, !state.makeRoom(for: client, within: quota) { return .quotaExceeded }
      state.clients[client.id] = client
      return .created(client)
    }
  }

  /// See `ClientStore`.
  public func noteClientUse(_ id: ClientID, at now: Timestamp) async throws(StoreError) {
    try access { $0.noteClientUse(id, at: now) }
  }

  /// See `ClientStore`.
  public func removeNeverUsedClients(registeredBefore time: Timestamp) async throws(StoreError) -> Int {
    try access { state in
      let gone = state.clients.values.filter { $0.isUnusedRegistration && $0.createdAt < time }
      for client in gone { state.clients[client.id] = nil }
      return gone.count
    }
  }

  /// See `ClientStore`.
  public func removeClient(_ id: ClientID) async throws(StoreError) -> Bool {
    try access { $0.clients.removeValue(forKey: id) != nil }
  }

  /// See `ClientStore`.
  public func clients() async throws(StoreError) -> [RegisteredClient] {
    try access { $0.clients.values.sorted { $0.id < $1.id } }
  }
}

extension RegisteredClient {
  fileprivate var isUnusedRegistration: Bool { origin == .dynamicRegistration && firstUsedAt == nil }

  /// Only public clients are the same again: a secret is never issued twice.
  fileprivate func isSameRegistration(as other: RegisteredClient) -> Bool {
    fingerprint != nil && fingerprint == other.fingerprint && authenticationMethod == .none
      && other.authenticationMethod == .none
  }
}

extension MemoryStoreState {
  mutating func noteClientUse(_ id: ClientID, at now: Timestamp) {
    if clients[id]?.firstUsedAt == nil { clients[id]?.firstUsedAt = now }
  }

  fileprivate mutating func makeRoom(for client: RegisteredClient, within quota: RegistrationQuota) -> Bool {
    let waiting = clients.values.filter(\.isUnusedRegistration)
    guard waiting.count >= quota.unusedClients else { return true }
    guard quota.unusedClients > 0 else { return false }
    let surplus = waiting.count - quota.unusedClients + 1
    let evictable = waiting.filter { $0.createdAt < client.createdAt - .seconds(3600) }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    guard evictable.count >= surplus else { return false }
    for old in evictable.prefix(surplus) { clients[old.id] = nil }
    return true
  }
}
