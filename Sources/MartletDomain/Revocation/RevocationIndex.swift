import Synchronization

/// What this process knows of the revocation table. Every verified token and every open stream asks it.
public final class RevocationIndex: Sendable {
  private struct State {
    var latest: [RevocationTarget: Revocation] = [:]
    /// Rows whose time has not come.
    var later: [Revocation] = []
    var sequence: Int64 = 0
  }

  private let state = Mutex(State())
  private let changes = Atomic<UInt64>(0)

  /// Makes an index that knows nothing yet; fill it before listening.
  public init() {}

  /// The last sequence number that was applied.
  public var sequence: Int64 { state.withLock { $0.sequence } }

  /// Grows with every change: whoever was found unrevoked after reading it still is while it stays the same.
  public var generation: UInt64 { changes.load(ordering: .acquiring) }

  /// Takes in rows of the table, in any order.
  public func apply(_ rows: [SequencedRevocation]) {
    if rows.isEmpty { return }
    defer { changes.add(1, ordering: .releasing) }
    state.withLock { state in
      for row in rows {
        state.sequence = max(state.sequence, row.sequence)
        merge(row.revocation, into: &state)
      }
    }
  }

  /// Takes in a row that this process wrote, before its sequence number is known.
  public func apply(_ revocation: Revocation) {
    state.withLock { merge(revocation, into: &$0) }
    changes.add(1, ordering: .releasing)
  }

  /// Puts rows in force whose time has come. Whoever applies rows calls this again and again.
  public func advance(to now: Timestamp) {
    let isChanged = state.withLock { state in
      let due = state.later.filter { $0.effectiveAt.map { $0 <= now } ?? true }
      if due.isEmpty { return false }
      state.later.removeAll { $0.effectiveAt.map { $0 <= now } ?? true }
      for row in due { enforce(row, in: &state) }
      return true
    }
    if isChanged { changes.add(1, ordering: .releasing) }
  }

  private func merge(_ revocation: Revocation, into state: inout State) {
    if revocation.effectiveAt != nil {
      // A process that wrote a row itself reads it once more.
      if !state.later.contains(revocation) { state.later.append(revocation) }
    } else {
      enforce(revocation, in: &state)
    }
  }

  private func enforce(_ revocation: Revocation, in state: inout State) {
    guard let known = state.latest[revocation.target] else {
      state.latest[revocation.target] = revocation
      return
    }
    state.latest[revocation.target] = Revocation(
      target: revocation.target, issuedUntil: max(known.issuedUntil, revocation.issuedUntil),
      expiresAt: max(known.expiresAt, revocation.expiresAt))
  }

  /// Forgets rows whose tokens have all expired.
  public func removeExpired(at now: Timestamp) {
    state.withLock { state in state.latest = state.latest.filter { $0.value.expiresAt > now } }
  }

  /// Whether a principal's credential was taken away.
  public func isRevoked(_ principal: Principal) -> Bool {
    state.withLock { state in
      if state.latest.isEmpty { return false }
      var targets: [RevocationTarget] = [
        .accessToken(principal.credentialID), .client(principal.client),
        .user(principal.tenant, UserID(principal.subject)), .tenant(principal.tenant), .route(principal.route),
      ]
      if let grant = principal.grant { targets.append(.grant(grant)) }
      if let job = principal.key?.delegation?.job { targets.append(.user(principal.tenant, job)) }
      return targets.contains { target in state.latest[target].map { $0.issuedUntil >= principal.issuedAt } ?? false }
    }
  }
}
