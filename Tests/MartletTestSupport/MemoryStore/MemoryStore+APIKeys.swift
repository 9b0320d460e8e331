import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `APIKeyStore`.
  public func apiKey(_ id: APIKeyID) async throws(StoreError) -> KnownAPIKey? {
    try access { state in
      state.apiKeys[id].map { key in
        let delegation = key.delegation.flatMap { state.delegations[$0] }
        return KnownAPIKey(
          key: key, owner: key.owner.flatMap { state.standing($0) }, delegation: delegation,
          delegator: delegation.flatMap { state.standing($0.user) },
          tenant: state.tenantStates[key.tenant] ?? .active)
      }
    }
  }

  /// See `APIKeyStore`.
  public func createAPIKey(_ key: APIKey) async throws(StoreError) -> Bool {
    try access { state in
      let isTaken = state.apiKeys.values.contains { other in
        other.tenant == key.tenant && other.owner == key.owner && ByteString(other.name) == ByteString(key.name)
          && other.isLive(at: key.createdAt)
      }
      if !isTaken { state.apiKeys[key.id] = key }
      return !isTaken
    }
  }

  /// See `APIKeyStore`.
  public func rotateAPIKey(
    _ id: APIKeyID, to successor: APIKey, graceEnd: Timestamp
  ) async throws(StoreError) -> APIKeyRotation {
    let now = successor.createdAt
    return try access { state in
      let live = state.liveKeys(of: successor.series, at: now)
      guard let newest = live.first(where: { $0.id == id }), newest.rotatedAt == nil else { return .gone }
      let rows = live.map { key in
        let end = key.id == id ? min(graceEnd, key.expiresAt) : now
        state.apiKeys[key.id]?.expiresAt = end
        state.apiKeys[key.id]?.rotatedAt = key.rotatedAt ?? now
        return key.revocation(from: end, at: now)
      }
      state.apiKeys[successor.id] = successor
      state.append(rows)
      return .rotated(rows)
    }
  }

  /// See `APIKeyStore`.
  public func revokeAPIKeys(_ series: [KeySeriesID], at now: Timestamp) async throws(StoreError) -> [Revocation] {
    try access { state in
      let live = series.flatMap { state.liveKeys(of: $0, at: now) }
      for key in live { state.apiKeys[key.id]?.revokedAt = now }
      let rows = live.map { $0.revocation(from: now, at: now) }
      state.append(rows)
      return rows
    }
  }

  /// See `APIKeyStore`.
  public func apiKeys(_ filter: APIKeyFilter) async throws(StoreError) -> [APIKey] {
    try access { state in
      let found = state.apiKeys.values.filter { key in
        (filter.tenant.map { $0 == key.tenant } ?? true) && (filter.owner.map { $0 == key.owner } ?? true)
          && (filter.delegation.map { $0 == key.delegation } ?? true)
          && (filter.name.map { ByteString($0) == ByteString(key.name) } ?? true)
          && (filter.after.map { $0 < key.id } ?? true) && (filter.liveAt.map { key.isLive(at: $0) } ?? true)
      }
      return Array(found.sorted { $0.id < $1.id }.prefix(max(0, filter.limit)))
    }
  }

  /// See `APIKeyStore`.
  public func noteAPIKeyUse(_ uses: [APIKeyID: Timestamp]) async throws(StoreError) {
    try access { state in
      for (id, time) in uses {
        let known = state.apiKeys[id]?.lastUsedAt ?? time
        state.apiKeys[id]?.lastUsedAt = max(known, time)
      }
    }
  }

  /// See `APIKeyStore`.
  public func removeEndedAPIKeys(before time: Timestamp) async throws(StoreError) {
    try access { state in
      state.apiKeys = state.apiKeys.filter { _, key in
        key.expiresAt >= time && (key.revokedAt.map { $0 >= time } ?? true)
      }
    }
  }

  /// See `AdminTokenStore`.
  public func createAdminToken(_ token: AdminToken) async throws(StoreError) {
    try access { $0.adminTokens[token.id] = token }
  }

  /// See `AdminTokenStore`.
  public func adminToken(_ id: AdminTokenID) async throws(StoreError) -> AdminToken? {
    try access { $0.adminTokens[id] }
  }

  /// See `AdminTokenStore`.
  public func noteAdminTokenUse(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError) {
    try access { state in
      let before = state.adminTokens[id]?.lastUsedAt
      state.adminTokens[id]?.lastUsedAt = before.map { max($0, now) } ?? now
    }
  }

  /// See `AdminTokenStore`.
  public func revokeAdminToken(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError) -> Bool {
    try access { state in
      guard let token = state.adminTokens[id], token.isLive(at: now) else { return false }
      state.adminTokens[id]?.revokedAt = now
      return true
    }
  }

  /// See `AdminTokenStore`.
  public func adminTokens() async throws(StoreError) -> [AdminToken] {
    try access { $0.adminTokens.values.sorted { $0.id < $1.id } }
  }

  /// See `AdminTokenStore`.
  public func removeEndedAdminTokens(before time: Timestamp) async throws(StoreError) {
    try access { state in
      state.adminTokens = state.adminTokens.filter { _, token in
        token.expiresAt >= time && (token.revokedAt.map { $0 >= time } ?? true)
      }
    }
  }
}

extension MemoryStoreState {
  fileprivate func liveKeys(of series: KeySeriesID, at now: Timestamp) -> [APIKey] {
    apiKeys.values.filter { $0.series == series && $0.isLive(at: now) }.sorted { $0.id < $1.id }
  }
}
