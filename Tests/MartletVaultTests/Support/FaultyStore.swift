import MartletDomain
import MartletTestSupport
import OAuthProtocol
import Synchronization

/// A connection store whose single steps fail when a test says so.
final class FaultyStore: ConnectionStore, Sendable {
  enum Step: Hashable, Sendable {
    case claim
    case renew
    case commit
    case record
  }

  private struct State {
    var failing: Set<Step> = []
    /// Steps that are carried out and then said to have failed.
    var lying: Set<Step> = []
    var claims = 0
    var reads = 0
  }

  let base: MemoryStore
  private let state = Mutex(State())

  init(_ base: MemoryStore) { self.base = base }

  func fail(_ steps: Step...) { state.withLock { $0.failing = Set(steps) } }
  func lie(_ steps: Step...) { state.withLock { $0.lying = Set(steps) } }
  var claims: Int { state.withLock { $0.claims } }
  var reads: Int { state.withLock { $0.reads } }

  private func check(_ step: Step) throws(StoreError) {
    if state.withLock({ $0.failing.contains(step) }) { throw .unavailable("a test") }
  }

  private func checkAfter(_ step: Step) throws(StoreError) {
    if state.withLock({ $0.lying.contains(step) }) { throw .unavailable("a test") }
  }

  func connection(_ key: ConnectionKey) async throws(StoreError) -> UpstreamConnection? {
    state.withLock { $0.reads += 1 }
    return try await base.connection(key)
  }

  func connections(tenant: TenantID?, owner: ConnectionOwner?) async throws(StoreError) -> [UpstreamConnection] {
    try await base.connections(tenant: tenant, owner: owner)
  }

  func establishConnection(_ connection: UpstreamConnection) async throws(StoreError) -> Bool {
    try await base.establishConnection(connection)
  }

  func claimRefresh(
    of key: ConnectionKey, _ claim: RefreshClaim
  ) async throws(StoreError) -> (outcome: RefreshClaimOutcome, connection: UpstreamConnection)? {
    try check(.claim)
    state.withLock { $0.claims += 1 }
    let answer = try await base.claimRefresh(of: key, claim)
    try checkAfter(.claim)
    return answer
  }

  func renewRefreshLease(of key: ConnectionKey, epoch: Int, until end: Timestamp) async throws(StoreError) -> Bool {
    try check(.renew)
    return try await base.renewRefreshLease(of: key, epoch: epoch, until: end)
  }

  func commitRefreshedCredential(
    of key: ConnectionKey, _ renewal: CredentialRenewal
  ) async throws(StoreError) -> RefreshReportOutcome {
    try check(.commit)
    let outcome = try await base.commitRefreshedCredential(of: key, renewal)
    try checkAfter(.commit)
    return outcome
  }

  func recordRefreshFailure(
    of key: ConnectionKey, _ failure: RefreshFailure
  ) async throws(StoreError) -> RefreshReportOutcome {
    try check(.record)
    let outcome = try await base.recordRefreshFailure(of: key, failure)
    try checkAfter(.record)
    return outcome
  }

  func requireReauthorization(
    of key: ConnectionKey, version: Int, because reason: ConnectionReason
  ) async throws(StoreError) -> Bool {
    try await base.requireReauthorization(of: key, version: version, because: reason)
  }

  func acceptCredential(of key: ConnectionKey, version: Int) async throws(StoreError) -> Bool {
    try await base.acceptCredential(of: key, version: version)
  }

  func requireScopes(
    _ wanted: ScopeSet, beyond version: Int, for key: ConnectionKey
  ) async throws(StoreError) -> ScopeDemand? {
    try await base.requireScopes(wanted, beyond: version, for: key)
  }

  func revokeConnection(_ key: ConnectionKey, because reason: ConnectionReason) async throws(StoreError) -> Bool {
    try await base.revokeConnection(key, because: reason)
  }

  func connectionsDue(at now: Timestamp, limit: Int) async throws(StoreError) -> [UpstreamConnection] {
    try await base.connectionsDue(at: now, limit: limit)
  }

  func connectionChanges(after sequence: Int64, limit: Int) async throws(StoreError) -> [ConnectionChange] {
    try await base.connectionChanges(after: sequence, limit: limit)
  }
}
