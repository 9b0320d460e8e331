import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding
import Synchronization

/// Gives servers of 2024-11-05 (HTTP+SSE) the face of Streamable HTTP, and leaves all others to the transport below.
///
/// `initialize` opens the server's stream and begins a session under an id of ours; with that id, POST is a message, GET
/// the stream for what belongs to no call, DELETE the end, and an id that isn't known (any more) is 404: everything
/// above works unchanged.
///
/// Conforms to: MCP 2024-11-05 Transports, HTTP with SSE; MCP 2025-11-25 Transports, Backwards Compatibility.
public struct SSEUpstreamTransport: UpstreamTransport {
  private let base: any UpstreamTransport
  private let sessions: SSESessionDirectory
  private let numbers: SSECallNumbers

  /// Stands on another transport.
  ///
  /// - Parameters:
  ///   - base: Carries single requests and streams.
  ///   - random: Makes ids that nobody can guess.
  public init(over base: any UpstreamTransport, random: any RandomSource) {
    self.base = base
    sessions = SSESessionDirectory(random: random)
    numbers = SSECallNumbers()
  }

  /// Sends a request.
  public func send(_ request: consuming OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    if request.revision?.era == .modern || request.wire?.known == .streamableHTTP {
      return base.send(request, to: receiver, on: eventLoop)
    }
    return sendLegacy(request, to: receiver, on: eventLoop)
  }

  private func sendLegacy(_ request: OutboundRequest, to receiver: any UpstreamReceiver, on eventLoop: any EventLoop)
    -> any UpstreamCall
  {
    let wire = request.wire?.known
    // A session of ours is never told to the server, even where nothing is known of it (any more).
    if let id = request.upstreamSession, wire == .httpSSE || SSESessionDirectory.isOurs(id) {
      return sessionCall(request, id, receiver, eventLoop)
    }
    if request.wire == nil || request.upstreamSession != nil {
      return base.send(request, to: receiver, on: eventLoop)
    }
    if request.method == .post, let message = try? MCPMessage.parse(request.body), message.method == .initialize {
      return initialize(request, message, receiver, eventLoop, isCertain: wire == .httpSSE)
    }
    guard wire == .httpSSE else { return base.send(request, to: receiver, on: eventLoop) }
    return refused(status: request.method == .post ? 400 : 405, receiver, eventLoop)
  }

  /// Ends sessions, and with them the streams on which servers say everything.
  public func endSessions(where isOver: @escaping @Sendable (Principal) -> Bool) {
    for session in sessions.all {
      session.eventLoop.execute {
        if let principal = session.value.principal, isOver(principal) { session.value.end(.disconnected) }
      }
    }
  }

  private func sessionCall(
    _ request: OutboundRequest, _ id: String, _ receiver: any UpstreamReceiver, _ eventLoop: any EventLoop
  ) -> any UpstreamCall {
    guard let session = sessions.session(SSESessionDirectory.Key(instance: request.url, id: ByteString(id))) else {
      return refused(status: 404, receiver, eventLoop)
    }
    switch request.method {
    case .post:
      guard let message = try? MCPMessage.parse(request.body) else { return refused(status: 400, receiver, eventLoop) }
      return call(session, receiver, eventLoop) { $0.take(request, message, $1) }
    case .get: return call(session, receiver, eventLoop) { $0.listen($1) }
    case .delete: return call(session, receiver, eventLoop) { $0.close($1) }
    }
  }

  private func call(
    _ session: NIOLoopBound<SSEUpstreamSession>, _ receiver: any UpstreamReceiver, _ eventLoop: any EventLoop,
    _ begin: @escaping @Sendable (SSEUpstreamSession, SSECallPort) -> Void
  ) -> any UpstreamCall {
    let number = numbers.next()
    let call = SSECall(number, receiver: receiver, session: session)
    let port = SSECallPort(number, call, on: eventLoop)
    session.eventLoop.execute { begin(session.value, port) }
    return call
  }

  private func initialize(
    _ request: OutboundRequest, _ message: MCPMessage, _ receiver: any UpstreamReceiver, _ eventLoop: any EventLoop,
    isCertain: Bool
  ) -> any UpstreamCall {
    let call = SSEInitializeCall(request, to: receiver, over: base, on: eventLoop) { stream, opening in
      guard case .opened(let endpoint) = opening else { return nil }
      let key = SSESessionDirectory.Key(instance: request.url, id: ByteString(sessions.makeID()))
      let session = SSEUpstreamSession(
        id: key.id.string, endpoint: endpoint, stream: stream, request: request, over: base, on: eventLoop
      ) { [sessions] in sessions.remove(key) }
      let bound = NIOLoopBound(session, eventLoop: eventLoop)
      sessions.add(bound, as: key)
      return self.call(bound, receiver, eventLoop) { $0.take(request, message, $1) }
    }
    if isCertain { call.open() } else { call.ask() }
    return call
  }

  private func refused(status: Int, _ receiver: any UpstreamReceiver, _ eventLoop: any EventLoop) -> any UpstreamCall {
    let number = numbers.next()
    let call = SSECall(number, receiver: receiver, session: nil)
    SSECallPort(number, call, on: eventLoop).tell(status: status)
    return call
  }
}

/// Counts calls.
private final class SSECallNumbers: Sendable {
  private let last = Atomic<UInt64>(0)

  func next() -> SSECallNumber { last.add(1, ordering: .relaxed).newValue }
}
