import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding
import Synchronization

/// The legacy sessions: the store is the truth, and what was read is remembered until it changes.
///
/// What other processes change is heard of twice a second. While it can't be heard of, every call reads the store.
final class MCPSessions: Sendable {
  private struct State {
    var known = SessionMemory(capacity: MCPSessions.capacity)
    var common = CommonParts()
    /// Those whose use is to be written down.
    var used: [KnownSession] = []
    /// Sessions that ended here: nobody who reads them before the store knows may bring them back. The first half of it is
    /// forgotten when the second is full.
    var ended: (lately: Set<ArtefactDigest>, before: Set<ArtefactDigest>) = ([], [])
    /// Counts changes made here.
    var changes = 0

    func isEnded(_ digest: ArtefactDigest) -> Bool { ended.lately.contains(digest) || ended.before.contains(digest) }

    mutating func use(_ known: KnownSession, at now: Timestamp) {
      if used.count < MCPSessions.capacity, known.isUseDue(at: now) { used.append(known) }
    }
  }

  /// Where in the order of changes a read begins: what was read before one isn't remembered after it.
  private struct Mark: Equatable {
    var heard: Int64
    var changes: Int
  }

  private let state = Mutex(State())
  private let changes: ChangeFollower<MCPSessionChange>
  private let store: any MCPSessionStore
  private let clock: any WallClock
  private let random: any RandomSource
  static let capacity = 200_000
  /// What a session's client may have told at most, in bytes, for it to be remembered.
  static let rememberedSize = 65_536
  private static let endedCapacity = 10_000
  /// How often a session's use is written down at most; it ends when that is 30 days ago.
  static let useInterval = Duration.seconds(3600)
  /// How many sessions' use is written in one transaction.
  private static let usedAtOnce = 1000

  init(store: any MCPSessionStore, clock: any WallClock, random: any RandomSource) {
    self.store = store
    self.clock = clock
    self.random = random
    changes = ChangeFollower(clock: clock) { (after, limit) async throws(StoreError) in
      try await store.mcpSessionChanges(after: after, limit: limit)
    }
  }

  /// A session that needs no store: it was read, and hasn't changed.
  func remembered(_ digest: ArtefactDigest) -> KnownSession? {
    let now = clock.now()
    guard changes.isCurrent(at: now) else { return nil }
    return state.withLock { state in
      guard let known = state.known[digest] else { return nil }
      state.use(known, at: now)
      return known
    }
  }

  /// A session as the store has it.
  func session(_ digest: ArtefactDigest) async throws(StoreError) -> MCPSession? { try await read(digest)?.session }

  /// A session that the store has, remembered from now on.
  func read(_ digest: ArtefactDigest) async throws(StoreError) -> KnownSession? {
    let mark = mark
    let session = try await store.mcpSession(digest)
    let now = clock.now()
    return state.withLock { state in
      if state.isEnded(digest) { return nil }
      guard let session else { return nil }
      let known = KnownSession(state.common.sharing(session))
      state.use(known, at: now)
      remember(known, since: mark, &state)
      return known
    }
  }

  private var mark: Mark { state.withLock { mark($0) } }

  private func mark(_ state: State) -> Mark { Mark(heard: changes.mark, changes: state.changes) }

  private func remember(_ known: KnownSession, since mark: Mark, _ state: inout State) {
    guard self.mark(state) == mark, !state.isEnded(known.session.digest) else { return }
    if known.session.size <= Self.rememberedSize { state.known.insert(known) }
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
    let mark = mark
    try await store.createMCPSession(session)
    state.withLock { state in remember(KnownSession(state.common.sharing(session)), since: mark, &state) }
  }

  /// Replaces the upstream's side of a session, if nobody else did since.
  ///
  /// - Parameters:
  ///   - lost: The session as it was found to be gone.
  ///   - session: The upstream's new id.
  ///   - url: The instance that it lives on.
  ///   - revision: The revision that the session has from now on.
  /// - Returns: The session as it is now, whoever changed it; `nil` where it has ended.
  func move(
    _ lost: MCPSession, to session: String?, at url: String, speaking revision: ProtocolRevision
  ) async throws(StoreError) -> MCPSession? {
    var moved = lost
    (moved.upstreamSession, moved.upstreamURL, moved.revision) = (session, url, revision)
    _ = try await store.moveMCPSession(moved, from: lost.upstreamSession)
    changed(lost.digest)
    return try await self.session(lost.digest)
  }

  /// Keeps what has to be told again when the session is begun anew.
  func note(_ preference: SessionPreference, in session: MCPSession) async throws(StoreError) {
    switch preference {
    case .logLevel(let level): try await setLogLevel(level, of: session.digest)
    case .watch(let uri, let isWatched):
      let current = remembered(session.digest)?.session ?? session
      if isWatched, current.watchedResources.count >= GatewayLimits.watchedResources { return }
      try await watchResource(uri, isWatched: isWatched, in: session.digest)
    }
    _ = try await self.session(session.digest)
  }

  func end(_ digest: ArtefactDigest) async throws(StoreError) {
    state.withLock { state in
      state.known.remove(digest)
      if state.ended.lately.count >= Self.endedCapacity { state.ended = ([], state.ended.lately) }
      state.ended.lately.insert(digest)
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
      state.known.remove(digest)
      state.changes += 1
    }
  }

  /// Hears of what other processes changed.
  ///
  /// - Parameter ended: Gets the sessions that are no more.
  func hear(ended: @Sendable ([ArtefactDigest]) -> Void) async {
    await changes.hear { changes, after in
      // What isn't told any more may have been about any session.
      let isWhole = changes.first?.sequence == after + 1 && changes.last?.sequence == after + Int64(changes.count)
      let forgotten: SessionMemory? = state.withLock { state in
        for change in changes { state.known.remove(change.digest) }
        if isWhole { return nil }
        defer { state.known = SessionMemory(capacity: Self.capacity) }
        return state.known
      }
      // Freed here, where nobody waits for the lock.
      _ = consume forgotten
      ended(changes.filter(\.isEnded).map(\.digest))
    }
  }

  /// Writes down which sessions were used, each now and then.
  func noteUse() async throws(StoreError) {
    let used = state.withLock { state in
      defer { state.used = [] }
      return state.used
    }
    let now = clock.now()
    for start in stride(from: 0, to: used.count, by: Self.usedAtOnce) {
      let batch = used[start..<min(start + Self.usedAtOnce, used.count)]
      try await store.noteMCPSessionUse(batch.map(\.session.digest), at: now)
    }
  }
}

extension MCPSession {
  /// How many bytes its client had kept, about.
  fileprivate var size: Int { initializeRequest.count + watchedResources.reduce(0) { $0 + $1.utf8.count } }
}
