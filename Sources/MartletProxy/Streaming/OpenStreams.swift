import MartletDomain
import NIOCore
import Synchronization

/// The open streams of every event loop, so that what was taken away ends within a second (V-041), a session that moves
/// takes its stream along, a client that lost a stream finds it again, and a stopping process can say good-bye.
struct OpenStreams: Sendable {
  /// What one event loop has.
  final class Loop {
    var streams: [ObjectIdentifier: any OpenStream] = [:]
    /// The GET stream of each legacy session, and which it is of all that there were.
    fileprivate var ofSessions: [ArtefactDigest: (stream: any OpenStream, number: Int)] = [:]
    /// What was said lately on the streams of legacy sessions.
    let logs: EventLogs

    init(_ logs: EventLogs) { self.logs = logs }

    /// Ends the GET stream of a session that began before another one.
    fileprivate func end(_ session: ArtefactDigest, before number: Int) {
      guard let former = ofSessions[session], former.number < number else { return }
      ofSessions[session] = nil
      former.stream.close(reason: "replaced")
    }
  }

  /// Numbers GET streams in the order in which they came, on whatever event loop.
  private final class Numbers: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { last.add(1, ordering: .relaxed).newValue }
  }

  private let loops: [ObjectIdentifier: NIOLoopBound<Loop>]
  private let eventLoops: [any EventLoop]
  private let numbers = Numbers()
  private static let interval = TimeAmount.seconds(1)

  /// - Parameters:
  ///   - revocations: What was taken away.
  ///   - policy: Tells who may still be connected.
  ///   - credentials: Tells which accounts still are.
  ///   - settings: Tells which routes there are now, and for whom.
  init(
    group: any EventLoopGroup, revocations: RevocationIndex, policy: StreamPolicy,
    credentials: any UpstreamCredentials, eventIDs: EventIDs, settings: @escaping @Sendable () -> GatewaySettings
  ) async throws {
    var loops: [ObjectIdentifier: NIOLoopBound<Loop>] = [:]
    eventLoops = Array(group.makeIterator())
    for (index, eventLoop) in eventLoops.enumerated() {
      let share = GatewayLimits.loggedEvents / eventLoops.count
      loops[ObjectIdentifier(eventLoop)] = try await eventLoop.submit {
        let logs = EventLogs(eventLoop: eventLoop, index: index, ids: eventIDs, limit: share)
        let loop = NIOLoopBound(Loop(logs), eventLoop: eventLoop)
        eventLoop.scheduleRepeatedTask(initialDelay: Self.interval, delay: Self.interval) { _ in
          Self.sweep(loop.value, revocations, settings(), policy, on: eventLoop)
          Self.endUnconnected(loop.value, credentials, on: eventLoop)
        }
        return loop
      }.get()
    }
    self.loops = loops
  }

  /// What an event loop has; only there.
  func loop(_ eventLoop: any EventLoop) -> Loop? { loops[ObjectIdentifier(eventLoop)]?.value }

  func opened(_ stream: any OpenStream, on eventLoop: any EventLoop) {
    loop(eventLoop)?.streams[ObjectIdentifier(stream)] = stream
  }

  /// Makes a GET stream the one of its session. It ends those before, whose client may be gone without a word (X5); of
  /// two that come at once on different event loops, one stays.
  func replace(_ session: ArtefactDigest, by stream: any OpenStream, on eventLoop: any EventLoop) {
    let number = numbers.next()
    everywhere(but: eventLoop) { $0.end(session, before: number) }
    guard let loop = loop(eventLoop) else { return }
    loop.end(session, before: number)
    loop.ofSessions[session] = (stream, number)
  }

  func closed(_ stream: any OpenStream, of session: ArtefactDigest?, on eventLoop: any EventLoop) {
    guard let loop = loop(eventLoop) else { return }
    loop.streams[ObjectIdentifier(stream)] = nil
    if let session, loop.ofSessions[session]?.stream === stream { loop.ofSessions[session] = nil }
  }

  /// Tells the stream of a session that it lives elsewhere now.
  ///
  /// - Returns: Done when it has heard, on whatever event loop it is.
  func sessionMoved(to session: MCPSession, on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
    let heard = everywhere { $0.ofSessions[session.digest]?.stream.sessionMoved(to: session) }
    return EventLoopFuture.andAllComplete(heard, on: eventLoop)
  }

  /// Ends what sessions have, when they end.
  func sessionsEnded(_ sessions: [ArtefactDigest]) {
    if sessions.isEmpty { return }
    everywhere { loop in
      for session in sessions {
        loop.ofSessions.removeValue(forKey: session)?.stream.close(reason: "session_ended")
        loop.logs.forget(session)
      }
    }
  }

  /// Looks for the log of a stream that a client lost, on whatever event loop it is.
  ///
  /// - Parameters:
  ///   - name: The stream.
  ///   - session: The session that it must belong to.
  ///   - sequence: The last event that the client has; where what follows isn't kept any more, or is at the server,
  ///     nothing is found.
  ///   - principal: Who comes back.
  ///   - eventLoop: Where the caller is.
  func find(
    _ name: StreamName, of session: ArtefactDigest, after sequence: Int, for principal: Principal,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<EventLogReader?> {
    guard name.loop < eventLoops.count, let bound = loops[ObjectIdentifier(eventLoops[name.loop])] else {
      return eventLoop.makeSucceededFuture(nil)
    }
    return eventLoops[name.loop].submit {
      guard let log = bound.value.logs.log(name, of: session), log.keeps(after: sequence),
        !log.isExhausted(after: sequence)
      else { return nil }
      return log.attach(after: sequence, for: principal)
    }.hop(to: eventLoop)
  }

  /// Ends every stream that would go on for ever; calls may still be answered.
  func closeAll(reason: String) async {
    for eventLoop in eventLoops {
      guard let bound = loops[ObjectIdentifier(eventLoop)] else { continue }
      try? await eventLoop.submit {
        for stream in bound.value.streams.values where stream.isEndless { stream.close(reason: reason) }
      }.get()
    }
  }

  @discardableResult
  private func everywhere(
    but here: (any EventLoop)? = nil, _ work: @escaping @Sendable (Loop) -> Void
  ) -> [EventLoopFuture<Void>] {
    eventLoops.filter { $0 !== here }.compactMap { eventLoop in
      loops[ObjectIdentifier(eventLoop)].map { bound in eventLoop.submit { work(bound.value) } }
    }
  }

  private static func sweep(
    _ loop: Loop, _ revocations: RevocationIndex, _ settings: GatewaySettings, _ policy: StreamPolicy,
    on eventLoop: any EventLoop
  ) {
    let now = policy.clock.now()
    var lookups = StreamPolicy.lookups
    loop.logs.sweep()
    for stream in loop.streams.values {
      let principal = stream.principal
      if revocations.isRevoked(principal) {
        stream.close(reason: "revoked")
      } else if principal.expiresAt <= now, stream.isEndless {
        stream.close(reason: "expired")
      } else if settings.route(path: principal.route.path)?.resource.admits(principal.tenant) != true {
        stream.close(reason: "route_withdrawn")
      } else if policy.shutsOut(principal, settings, &lookups, on: eventLoop) {
        stream.close(reason: "denied")
      } else {
        stream.review(settings)
      }
    }
  }

  /// A stream that was opened with an account ends with it; what its client opens next says how to connect it again.
  private static func endUnconnected(_ loop: Loop, _ credentials: any UpstreamCredentials, on eventLoop: any EventLoop)
  {
    for stream in loop.streams.values where stream.isEndless {
      guard let account = stream.account else { continue }
      let bound = OnLoop(stream, eventLoop: eventLoop)
      let answer = credentials.credential(for: account) { answer in
        guard case .connectionRequired = answer else { return }
        bound { $0.close(reason: "connection_required") }
      }
      if case .connectionRequired? = answer { stream.close(reason: "connection_required") }
    }
  }
}
