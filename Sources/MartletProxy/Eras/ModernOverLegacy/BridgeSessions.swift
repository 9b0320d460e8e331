import MCPProtocol
import MartletDomain
import NIOCore
import Synchronization

/// The upstream sessions that serve modern clients. Kept by this process only: another one, or this one after a restart,
/// begins its own.
final class BridgeSessions: Sendable {
  typealias Answer = Result<BridgeLease, Rejection>

  private enum Entry {
    /// Somebody begins it; others wait.
    case beginning([EventLoopPromise<Answer>])
    case open(BridgeSession)

    var session: BridgeSession? { if case .open(let session) = self { session } else { nil } }
  }

  private struct State {
    var entries: [PrincipalBinding: [[UInt8]: Entry]] = [:]
    var count = 0

    subscript(key: BridgeSessionKey) -> Entry? {
      get { entries[key.binding]?[key.capabilities] }
      set {
        let before = entries[key.binding]?[key.capabilities] == nil ? 0 : 1
        entries[key.binding, default: [:]][key.capabilities] = newValue
        count += (newValue == nil ? 0 : 1) - before
        if entries[key.binding]?.isEmpty == true { entries[key.binding] = nil }
      }
    }

    func sessions(of binding: PrincipalBinding?) -> [BridgeSession] {
      guard let binding else { return entries.values.flatMap { $0.values.compactMap(\.session) } }
      return entries[binding]?.values.compactMap(\.session) ?? []
    }
  }

  private let state = Mutex(State())

  /// A session of a client: the one that there is, or a new one. However many ask at once, one begins it.
  ///
  /// - Parameters:
  ///   - key: Whose session.
  ///   - urls: The instances that the route has now; a session on another one is ended.
  ///   - eventLoop: Where the caller is.
  ///   - begin: Begins a session, and says how that went, on that event loop.
  func lease(
    _ key: BridgeSessionKey, on urls: [String], eventLoop: any EventLoop,
    begin: (@escaping (Result<BridgeSession, Rejection>) -> Void) -> Void
  ) -> EventLoopFuture<Answer> {
    var ended: [BridgeSession] = []
    var begins = false
    let future: EventLoopFuture<Answer> = state.withLock { state in
      switch state[key] {
      case .open(let session) where session.lives(on: urls):
        return eventLoop.makeSucceededFuture(.success(session.lease()))
      case .beginning(let waiting):
        let promise = eventLoop.makePromise(of: Answer.self)
        state[key] = .beginning(waiting + [promise])
        return promise.futureResult
      case .open(let session):
        ended.append(session)
        state[key] = nil
      case nil: break
      }
      guard let evicted = Self.makeRoom(for: key, in: &state) else {
        return eventLoop.makeSucceededFuture(.failure(.temporarilyUnavailable(reason: "bridge_sessions_full")))
      }
      ended += evicted
      let promise = eventLoop.makePromise(of: Answer.self)
      state[key] = .beginning([promise])
      begins = true
      return promise.futureResult
    }
    ended.forEach { $0.end() }
    if begins { begin { self.began(key, $0) } }
    return future
  }

  private func began(_ key: BridgeSessionKey, _ result: Result<BridgeSession, Rejection>) {
    let waiting: [EventLoopPromise<Answer>] = state.withLock { state in
      guard case .beginning(let waiting) = state[key] else { return [] }
      state[key] = (try? result.get()).map { .open($0) }
      return waiting
    }
    for promise in waiting { promise.succeed(result.map { $0.lease() }) }
  }

  /// Forgets a session that the upstream doesn't know any more, unless another one is there already.
  func lose(_ session: BridgeSession) {
    state.withLock { state in
      if let current = state[session.key]?.session, current === session { state[session.key] = nil }
    }
  }

  /// Ends what nobody has used for a while.
  func expire(at now: Timestamp) {
    let ended = state.withLock { state in
      let idle = state.sessions(of: nil).filter { session in
        session.idleSince.map { $0 + BridgeLimits.sessionIdle <= now } ?? false
      }
      for session in idle { state[session.key] = nil }
      return idle
    }
    ended.forEach { $0.end() }
  }

  /// How many there are, those that begin too.
  var count: Int { state.withLock { $0.count } }

  /// Ends the sessions that have been idle for longest where there are too many.
  ///
  /// - Returns: What was ended; nil where all are in use.
  private static func makeRoom(for key: BridgeSessionKey, in state: inout State) -> [BridgeSession]? {
    var evicted: [BridgeSession] = []
    let own = state.entries[key.binding]?.count ?? 0
    for (isFull, binding) in [
      (own >= BridgeLimits.sessionsOfPrincipal, key.binding), (state.count >= BridgeLimits.sessions, nil),
    ] where isFull {
      let idle = state.sessions(of: binding).compactMap { session in session.idleSince.map { (session, $0) } }
      guard let oldest = idle.min(by: { $0.1 < $1.1 })?.0 else { return nil }
      state[oldest.key] = nil
      evicted.append(oldest)
    }
    return evicted
  }
}
