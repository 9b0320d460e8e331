import MCPProtocol
import MartletDomain
import NIOCore

/// Begins one session anew: `initialize` with the parameters that its client once sent, what the client told the session
/// since, and then the store decides whose new session it is. Used on its event loop only.
final class SessionRevival {
  private let lost: MCPSession
  private let request: AdmittedRequest
  private let cause: SessionRevivals.Cause
  private let house: SessionRevivals
  private let eventLoop: any EventLoop
  private var completion: ((SessionRevivals.Outcome) -> Void)?
  /// Done when the session's stream knows that it moved.
  private var announced: EventLoopFuture<Void>?
  private var timeout: Scheduled<Void>?
  private var dialogue: UpstreamDialogue?

  init(
    of lost: MCPSession, for request: AdmittedRequest, _ cause: SessionRevivals.Cause, _ house: SessionRevivals,
    on eventLoop: any EventLoop
  ) {
    self.lost = lost
    self.request = request
    self.cause = cause
    self.house = house
    self.eventLoop = eventLoop
  }

  /// Does it.
  ///
  /// - Parameter completion: Hears the session as it is now, once.
  func run(_ completion: @escaping (SessionRevivals.Outcome) -> Void) {
    self.completion = completion
    timeout = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.revival) { [self] in
      finish(.failure(unavailable("revival_timeout")))
    }
    house.sessions.reread(lost, on: eventLoop).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .failure: finish(.failure(.temporarilyUnavailable(reason: "session_store")))
      case .success(nil): finish(.failure(.unknownSession(id: nil)))
      case .success(let current?) where current.upstreamSession != lost.upstreamSession:
        finish(.success(current))
      case .success(let current?) where cause == .doubtful: ask(current)
      case .success(let current?): begin(current)
      }
    }
  }

  /// Whether the upstream still knows the session.
  private func ask(_ session: MCPSession) {
    do throws(Rejection) {
      var ping = try house.selector.bare(.post, for: request)
      ping.upstreamSession = session.upstreamSession
      ping.revision = session.revision
      ping.isRepeatable = true
      ping.body = MCPRequest(id: .string("martlet-ping"), method: .ping).encoded()
      dialogue = UpstreamDialogue(ping, over: house.transport, on: eventLoop) { [self] turn in
        switch turn {
        case .accepted:
          dialogue?.cancel()
          finish(.success(session))
        case .refused(let status, _, _) where status == 400 || status == 404: begin(session)
        default: finish(.success(session))
        }
      }
    } catch { finish(.failure(error)) }
  }

  private func begin(_ session: MCPSession) {
    guard completion != nil else { return }
    let gone = cause == .unreachable ? request.server.instance(session.upstreamURL) : nil
    do throws(Rejection) {
      let outbound = try house.selector.opening(session.digest, for: request, avoiding: gone)
      LegacyHandshake.begin(
        outbound, initialize: session.initializeRequest, over: house.transport, on: eventLoop
      ) { [self] result in
        switch result {
        case .failure(let rejection): refused(rejection)
        case .success(let begun): tellAgain(session, outbound, begun)
        }
      }
    } catch { finish(.failure(error)) }
  }

  /// A server that won't begin a legacy session at all has become another: the client must begin anew as well.
  private func refused(_ rejection: Rejection) {
    guard ["status_400", "status_404", "status_405"].contains(rejection.handshakeReason) else {
      return finish(.failure(rejection))
    }
    // Whoever refuses everything has not said that the session is gone.
    if cause == .doubtful { return finish(.success(lost)) }
    request.route.forgetEras()
    end()
  }

  private func end() {
    house.sessions.end(lost, on: eventLoop)
    finish(.failure(.unknownSession(id: nil)))
  }

  /// Says what the client said to the session that is gone. What is refused now is no reason to give the session up.
  private func tellAgain(_ session: MCPSession, _ outbound: OutboundRequest, _ begun: UpstreamSession) {
    // What was agreed on with the client can't be changed behind its back; what it was told before anybody could ask the
    // server was Martlet's word.
    guard begun.revision == session.revision || session.isUnconnected else {
      discard(begun, outbound)
      return end()
    }
    var messages = session.logLevel.map { [MCPRequest(replaying: .loggingSetLevel, "level", $0)] } ?? []
    messages += session.watchedResources.map { MCPRequest(replaying: .resourcesSubscribe, "uri", $0) }
    tell(messages[...], outbound, begun) { [self] in settle(session, outbound, begun) }
  }

  private func tell(
    _ messages: ArraySlice<MCPRequest>, _ outbound: OutboundRequest, _ begun: UpstreamSession,
    then done: @escaping () -> Void
  ) {
    guard let message = messages.first, completion != nil else { return done() }
    let telling = outbound.inside(begun, body: message.encoded())
    dialogue = UpstreamDialogue(telling, over: house.transport, on: eventLoop) { [self] turn in
      switch turn {
      case .accepted, .message(.request), .message(.notification): return
      case .message(.response): dialogue?.cancel()
      case .ended, .refused, .failed: break
      }
      tell(messages.dropFirst(), outbound, begun, then: done)
    }
  }

  private func settle(_ session: MCPSession, _ outbound: OutboundRequest, _ begun: UpstreamSession) {
    guard completion != nil else { return discard(begun, outbound) }
    house.sessions.move(session, to: begun, on: eventLoop).assumeIsolated().whenComplete { [self] result in
      switch result {
      case .failure:
        discard(begun, outbound)
        finish(.failure(.temporarilyUnavailable(reason: "session_store")))
      case .success(nil):
        discard(begun, outbound)
        finish(.failure(.unknownSession(id: nil)))
      case .success(let current?):
        let isOurs = current.upstreamSession?.utf8.elementsEqual((begun.id ?? "").utf8) ?? (begun.id == nil)
        if !isOurs { discard(begun, outbound) }
        finish(.success(current))
        // First the session's stream hears of it: cut off by its old instance, it would take that for its end.
        if isOurs, cause == .draining { announced?.assumeIsolated().whenComplete { [self] _ in leave(session) } }
      }
    }
  }

  /// Another process was faster: ours is one too many.
  private func discard(_ begun: UpstreamSession, _ outbound: OutboundRequest) {
    guard begun.id != nil else { return }
    var request = outbound.another(.delete, to: begun.instance)
    request.upstreamSession = begun.id
    request.revision = begun.revision
    _ = UpstreamDialogue(request, over: house.transport, on: eventLoop) { _ in }
  }

  /// Ends the session on the instance that drains, so that whoever waits for it sees it empty; not while calls go on there,
  /// which may be the session's own.
  private func leave(_ session: MCPSession, until deadline: NIODeadline = .now() + GatewayLimits.drain) {
    guard let instance = request.server.instance(session.upstreamURL),
      var farewell = try? house.selector.bare(.delete, for: request.moved(to: session))
    else { return }
    if instance.load > 0, .now() < deadline {
      _ = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in leave(session, until: deadline) }
      return
    }
    farewell.upstreamSession = session.upstreamSession
    farewell.revision = session.revision
    _ = UpstreamDialogue(farewell, over: house.transport, on: eventLoop) { _ in }
  }

  private func unavailable(_ reason: String) -> Rejection { .upstreamUnavailable(reason: reason, id: nil) }

  private func finish(_ outcome: SessionRevivals.Outcome) {
    guard let completion else { return }
    self.completion = nil
    timeout?.cancel()
    dialogue = nil
    if case .success(let session) = outcome, session.upstreamSession != lost.upstreamSession {
      announced = house.streams.sessionMoved(to: session, on: eventLoop)
    }
    completion(outcome)
  }
}

extension Rejection {
  fileprivate var handshakeReason: String {
    if case .upstreamUnavailable(let reason, _) = self { reason } else { "" }
  }
}

extension MCPRequest {
  /// A request that a client made of a session that is gone, under an id that no client uses.
  fileprivate init(replaying method: MCPMethod, _ parameter: String, _ value: String) {
    self.init(id: .string("martlet-again"), method: method, params: [parameter: .string(value)])
  }
}

extension OutboundRequest {
  /// The same to a session that was just begun.
  fileprivate func inside(_ session: UpstreamSession, body: [UInt8]) -> OutboundRequest {
    var request = self
    request.url = session.instance
    request.body = body
    request.upstreamSession = session.id
    request.revision = session.revision
    request.isRepeatable = true
    return request
  }
}
