import MartletDomain
import OAuthProtocol

extension MemoryStore {
  /// See `ConnectionStore`.
  public func connection(_ key: ConnectionKey) async throws(StoreError) -> UpstreamConnection? {
    try access { $0.connections[key]?.connection }
  }

  /// See `ConnectionStore`.
  public func connections(tenant: TenantID?, owner: ConnectionOwner?) async throws(StoreError) -> [UpstreamConnection] {
    try access { state in
      state.connections.values.map(\.connection)
        .filter { (tenant == nil || $0.key.tenant == tenant) && (owner == nil || $0.key.owner == owner) }
        .map { (order: $0.key.order, connection: $0) }
        .sorted { $0.order.lexicographicallyPrecedes($1.order) }
        .map(\.connection)
    }
  }

  /// See `ConnectionStore`.
  public func establishConnection(_ connection: UpstreamConnection) async throws(StoreError) -> Bool {
    try access { state in
      let stored = state.connections[connection.key]?.connection
      guard connection.ledger.version == (stored?.ledger.version ?? 0) + 1 else { return false }
      var connection = connection
      connection.ledger = connection.ledger.continuing(stored?.ledger)
      state.save(connection)
      return true
    }
  }

  /// See `ConnectionStore`.
  public func claimRefresh(
    of key: ConnectionKey, _ claim: RefreshClaim
  ) async throws(StoreError) -> (outcome: RefreshClaimOutcome, connection: UpstreamConnection)? {
    try access { state in
      guard var connection = state.connections[key]?.connection else { return nil }
      let outcome = connection.ledger.claim(claim)
      if case .claimed = outcome { state.save(connection) }
      return (outcome, connection)
    }
  }

  /// See `ConnectionStore`.
  public func renewRefreshLease(
    of key: ConnectionKey, epoch: Int, until end: Timestamp
  ) async throws(StoreError) -> Bool {
    try change(key) { $0.ledger.renew(epoch: epoch, until: end) } ?? false
  }

  /// See `ConnectionStore`.
  public func commitRefreshedCredential(
    of key: ConnectionKey, _ renewal: CredentialRenewal
  ) async throws(StoreError) -> RefreshReportOutcome {
    try change(key) { $0.commit(renewal) } ?? .superseded
  }

  /// See `ConnectionStore`.
  public func recordRefreshFailure(
    of key: ConnectionKey, _ failure: RefreshFailure
  ) async throws(StoreError) -> RefreshReportOutcome {
    try change(key) { $0.ledger.record(failure) } ?? .superseded
  }

  /// See `ConnectionStore`.
  public func requireReauthorization(
    of key: ConnectionKey, version: Int, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool {
    try change(key) { $0.ledger.requireReauthorization(version: version, because: reason) } ?? false
  }

  /// See `ConnectionStore`.
  public func acceptCredential(of key: ConnectionKey, version: Int) async throws(StoreError) -> Bool {
    try change(key) { $0.ledger.accept(version: version) } ?? false
  }

  /// See `ConnectionStore`.
  public func requireScopes(
    _ wanted: ScopeSet, beyond version: Int, for key: ConnectionKey
  ) async throws(StoreError) -> ScopeDemand? {
    try change(key) { $0.require(wanted, beyond: version) } ?? nil
  }

  /// See `ConnectionStore`.
  public func revokeConnection(
    _ key: ConnectionKey, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool {
    try change(key) { $0.revoke(because: reason) } ?? false
  }

  /// See `ConnectionStore`.
  public func connectionsDue(at now: Timestamp, limit: Int) async throws(StoreError) -> [UpstreamConnection] {
    try access { state in
      var first: [MemoryStoreState.StoredConnection] = []
      var bound: Timestamp?
      for stored in state.connections.values {
        guard let dueAt = stored.dueAt, dueAt <= now, bound.map({ stored.end < $0 }) ?? true else { continue }
        first.append(stored)
        guard first.count == 2 * limit else { continue }
        first.sort { $0.end < $1.end }
        first.removeLast(limit)
        bound = first.last?.end
      }
      return first.sorted { $0.end < $1.end }.prefix(limit).map(\.connection)
    }
  }

  /// See `ConnectionStore`.
  public func connectionChanges(
    after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [ConnectionChange] {
    try access { state in
      let later = state.connections.values.filter { $0.sequence > sequence }.sorted { $0.sequence < $1.sequence }
      return later.prefix(limit).map {
        ConnectionChange(
          sequence: $0.sequence, key: $0.connection.key, version: $0.connection.ledger.version,
          isUsable: $0.connection.ledger.isUsable)
      }
    }
  }

  /// See `DataKeyStore`.
  public func dataKeys(of tenant: TenantID) async throws(StoreError) -> [DataKey] {
    try access { $0.dataKeys.filter { $0.tenant == tenant } }
  }

  /// See `DataKeyStore`.
  public func addDataKey(_ key: DataKey, ifNewestIs newest: String?) async throws(StoreError) -> Bool {
    try access { state in
      guard state.tenantStates[key.tenant] != .deleted,
        state.dataKeys.last(where: { $0.tenant == key.tenant })?.name == newest
      else { return false }
      state.dataKeys.append(key)
      return true
    }
  }

  private func change<Answer: Sendable>(
    _ key: ConnectionKey, _ body: (inout UpstreamConnection) -> Answer
  ) throws(StoreError) -> Answer? {
    try access { state in
      guard let stored = state.connections[key]?.connection else { return nil }
      var connection = stored
      let answer = body(&connection)
      if connection != stored { state.save(connection) }
      return answer
    }
  }
}

extension MemoryStoreState {
  fileprivate mutating func save(_ connection: UpstreamConnection) {
    lastConnectionChange += 1
    connections[connection.key] = StoredConnection(connection, sequence: lastConnectionChange)
  }
}

extension ConnectionKey {
  /// None of the three holds a NUL.
  fileprivate var order: [UInt8] { tenant.value.bytes + [0] + Array(route.path.utf8) + [0] + owner.stored.bytes }
}
