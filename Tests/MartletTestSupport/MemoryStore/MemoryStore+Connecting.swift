import MartletDomain

extension MemoryStore {
  /// See `ConnectingStore`.
  public func beginConnecting(
    _ pending: PendingConnection, spending ticket: ConnectTicket?, capacity: Int
  ) async throws(StoreError) -> Bool {
    try access { state in
      if let ticket {
        guard state.spentTickets[ticket.digest] == nil else { return false }
        state.spentTickets[ticket.digest] = ticket.expiresAt
      }
      state.pendingConnections[pending.state] = pending
      let own = state.pendingConnections.values.filter {
        $0.key.tenant == pending.key.tenant && $0.key.owner == pending.key.owner
      }
      for old in own.sorted(by: { $0.expiresAt > $1.expiresAt }).dropFirst(capacity) {
        state.pendingConnections[old.state] = nil
      }
      return true
    }
  }

  /// See `ConnectingStore`.
  public func takePendingConnection(
    _ state: ArtefactDigest, at now: Timestamp
  ) async throws(StoreError) -> PendingConnection? {
    try access { stored in
      guard let taken = stored.pendingConnections.removeValue(forKey: state), taken.expiresAt > now else { return nil }
      return taken
    }
  }

  /// See `ConnectingStore`.
  public func removeExpiredConnecting(at now: Timestamp) async throws(StoreError) {
    try access { state in
      state.pendingConnections = state.pendingConnections.filter { $0.value.expiresAt > now }
      state.spentTickets = state.spentTickets.filter { $0.value > now }
    }
  }

  /// See `ConnectingStore`.
  public func upstreamRegistrations(
    of route: RouteID, issuer: String
  ) async throws(StoreError) -> [UpstreamRegistration] {
    try access { $0.upstreamRegistrations.filter { $0.route == route && $0.issuer == issuer }.reversed() }
  }

  /// See `ConnectingStore`.
  public func addUpstreamRegistration(_ registration: UpstreamRegistration) async throws(StoreError) {
    try access { state in
      state.upstreamRegistrations.removeAll { $0.isSame(registration) }
      state.upstreamRegistrations.append(registration)
    }
  }

  /// See `ConnectingStore`.
  public func refuseUpstreamRegistration(
    of route: RouteID, issuer: String, clientID: String
  ) async throws(StoreError) {
    try access { state in
      for (index, own) in state.upstreamRegistrations.enumerated()
      where own.route == route && own.issuer == issuer && own.clientID == clientID {
        state.upstreamRegistrations[index].isRefused = true
      }
    }
  }
}

extension UpstreamRegistration {
  fileprivate func isSame(_ other: UpstreamRegistration) -> Bool {
    route == other.route && issuer == other.issuer && clientID == other.clientID
  }
}
