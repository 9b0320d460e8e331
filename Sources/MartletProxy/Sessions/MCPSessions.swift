import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding
import Synchronization

/// The legacy sessions: the store is the truth, and what was read a moment ago is remembered.
///
/// A remembered session is read again after 30 s, so that an end on another process is seen here.
final class MCPSessions: Sendable {
  private struct Remembered {
    var session: MCPSession
    var readAt: Timestamp
  }

  private struct State {
    var remembered: [ArtefactDigest: Remembered] = [:]
    var used: Set<ArtefactDigest> = []
    /// Sessions that ended here a moment ago: a read that began before the store knew must not bring them back.
    var ended: [ArtefactDigest: Timestamp] = [:]
    /// Counts changes: what was read before one isn't remembered after it.
    var changes = 0
  }

  private let state = Mutex(State())
  private let store: any MCPSessionStore
  private let clock: any WallClock
  private let random: any RandomSource
  private static let freshness = Duration.seconds(30)
  private static let capacity = 100_000
  private static let endedCapacity = 10_000

  init(store: any MCPSessionStore, clock: any WallClock, random: any RandomSource) {
    self.store = store
    self.clock = clock
    self.random = random
  }

  /// A session that needs no store: read a moment ago.
  func remembered(_ digest: ArtefactDigest) -> MCPSession? {
    let now = clock.now()
    return state.withLock { state in
      guard let entry = state.remembered[digest], entry.readAt + Self.freshness > now else { return nil }
      state.used.insert(digest)
      return entry.session
    }
  }

  func session(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? {
    let changes = state.withLock { $0.changes }
    let session = try await store.mcpSession(digest)
    let now = clock.now()
    return state.withLock { state in
      if state.ended[digest] != nil { return nil }
      if state.changes != changes { return session }
      if state.remembered.count >= Self.capacity { state.remembered.removeAll(keepingCapacity: true) }
      state.remembered[digest] = session.map { Remembered(session: $0, readAt: now) }
      if session != nil { state.used.insert(digest) }
      return session
    }
  }

  /// An id for a session that is about to begin.
  func mint() -> (id: Secret, digest: ArtefactDigest, at: Timestamp) {
    let id = ArtefactKind.mcpSession.mint(random)
    return (id, ArtefactKind.mcpSession.digest(id), clock.now())
  }

  /// Stores a session under a new id.
  ///
  /// - Returns: The id for the client.
  func open(_ makeSession: @Sendable (ArtefactDigest, Timestamp) -> MCPSession) async throws(StoreError) -> Secret {
    let (id, digest, now) = mint()
    try await open(makeSession(digest, now))
    return id
  }

  /// Stores a session.
  func open(_ session: MCPSession) async throws(StoreError) {
    try await store.createMCPSession(session)
    remember(session)
  }

  /// Replaces the upstream's side of a session, if nobody else did since.
  ///
  /// - Parameters:
  ///   - lost: The session as it was found to be gone.
  ///   - session: The upstream's new id.
  ///   - url: The instance that it lives on.
  /// - Returns: The session as it is now, whoever changed it; `nil` where it has ended.
  func move(_ lost: MCPSession, to session: String?, at url: String) async throws(StoreError) -> MCPSession? {
    _ = try await store.moveMCPSession(lost.digest, from: lost.upstreamSession, to: session, at: url)
    return try await self.session(lost.digest)
  }

  /// Begins a session at its server that the server didn't know of, in the revision that the server chose. Whoever takes
  /// the old one away stores the new one; a crash in between costs the client a session that nothing had happened in.
  ///
  /// - Returns: The session as it is now, whoever changed it; `nil` where it has ended.
  func settle(
    _ unconnected: MCPSession, to session: String?, at url: String, speaking revision: ProtocolRevision
  ) async throws(StoreError) -> MCPSession? {
    guard try await store.endMCPSession(unconnected.digest) else { return try await self.session(unconnected.digest) }
    var settled = unconnected
    (settled.upstreamSession, settled.upstreamURL, settled.revision) = (session, url, revision)
    try await open(settled)
    return settled
  }

  /// Keeps what has to be told again when the session is begun anew.
  func note(_ preference: SessionPreference, in session: MCPSession) async throws(StoreError) {
    switch preference {
    case .logLevel(let level): try await store.setLogLevel(level, of: session.digest)
    case .watch(let uri, let isWatched):
      let current = remembered(session.digest) ?? session
      if isWatched, current.watchedResources.count >= GatewayLimits.watchedResources { return }
      try await store.watchResource(uri, isWatched: isWatched, in: session.digest)
    }
    _ = try await self.session(session.digest)
  }

  private func remember(_ session: MCPSession) {
    let now = clock.now()
    state.withLock { $0.remembered[session.digest] = Remembered(session: session, readAt: now) }
  }

  func end(_ digest: ArtefactDigest) async throws(StoreError) {
    let now = clock.now()
    state.withLock { state in
      state.remembered[digest] = nil
      if state.ended.count >= Self.endedCapacity {
        state.ended = state.ended.filter { $0.value + Self.freshness > now }
      }
      state.ended[digest] = now
    }
    _ = try await store.endMCPSession(digest)
  }

  /// See `MCPSessionStore`.
  func setLogLevel(_ level: String?, of digest: ArtefactDigest) async throws(StoreError) {
    try await store.setLogLevel(level, of: digest)
    changed(digest)
  }

  /// See `MCPSessionStore`.
  func watchResource(_ uri: String, isWatched: Bool, in digest: ArtefactDigest) async throws(StoreError) {
    try await store.watchResource(uri, isWatched: isWatched, in: digest)
    changed(digest)
  }

  private func changed(_ digest: ArtefactDigest) {
    state.withLock { state in
      state.remembered[digest] = nil
      state.changes += 1
    }
  }

  /// Writes down which sessions were used since the last time.
  func noteUse() async throws(StoreError) {
    let used = state.withLock { state in
      defer { state.used = [] }
      return Array(state.used)
    }
    if !used.isEmpty { try await store.noteMCPSessionUse(used, at: clock.now()) }
  }
}
