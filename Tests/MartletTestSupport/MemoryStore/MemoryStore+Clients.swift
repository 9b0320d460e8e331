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
    for _ in 0..<100 {
      let waiting = clients.values.filter(\.isUnusedRegistration)
      guard waiting.count >= max(1, quota.unusedClients) else { break }
      let held = Dictionary(grouping: waiting, by: \.network).mapValues { held in
        held.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
      }
      let most = held.values.min { left, right in
        left.count != right.count ? left.count > right.count : left[0].createdAt < right[0].createdAt
      }
      let own = held[client.network] ?? []
      if let most, own.count < most.count {
        clients[most[0].id] = nil
      } else if let oldest = own.first, oldest.createdAt < client.createdAt - quota.grace {
        clients[oldest.id] = nil
      } else {
        return false
      }
    }
    return quota.unusedClients > 0
  }
}
