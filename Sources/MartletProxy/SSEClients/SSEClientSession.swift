import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// The stream of a client of 2024-11-05, and with it its session: it answers `GET /{server}/sse` for as long as the
/// client stays. What the client posts runs as ordinary exchanges of the data plane, whose answers come out here. Used
/// on its event loop only.
final class SSEClientSession: ExchangeAnswer {
  private let exchange: GatewayExchange
  private let events: ClientEventStream
  /// The newest request of the client; its token decides how long the stream may stay.
  private var newest: AuthenticatedRequest
  private var digest: ArtefactDigest?
  private var running: [ObjectIdentifier: SSEMessageAnswer] = [:]
  /// The session that Martlet gave the client in `initialize`.
  private var mcpSession: String?
  private var revision: ProtocolRevision?
  private var listener: SSEMessageAnswer?
  private var nextListener: Scheduled<Void>?
  private var listenerPause = TimeAmount.seconds(1)
  private var standstill: Scheduled<Void>?
  private var isOpen = false

  init(exchange: GatewayExchange, request: AuthenticatedRequest) {
    self.exchange = exchange
    newest = request
    events = ClientEventStream(exchange: exchange)
  }

  var principal: Principal { newest.principal }
  let isEndless = true
  var client: any ClientStream { exchange.client }
  private var gateway: Gateway { exchange.gateway }

  /// Opens the stream; its first event names where the client posts, by a path of ours.
  func start() {
    isOpen = true
    let (id, digest) = gateway.sseClients.add(
      NIOLoopBound(self, eventLoop: client.eventLoop), of: newest.principal.binding)
    self.digest = digest
    gateway.streams.opened(self, on: client.eventLoop)
    events.open()
    let path = newest.routed.route.resource.id.path.utf8.dropLast("mcp".utf8.count)
    let endpoint = Array(path) + Array("messages?session_id=".utf8) + id.expose()
    write(SSEEvent(event: "endpoint", data: endpoint))
  }

  // MARK: - What the client says

  /// Takes a message; its answer comes on the stream.
  ///
  /// - Parameters:
  ///   - request: The request that brought it, whose caller is ours.
  ///   - body: The message, readable.
  /// - Returns: Why it isn't taken, if so.
  func take(_ request: AuthenticatedRequest, _ message: MCPMessage, _ body: [UInt8]) -> Rejection? {
    guard isOpen else { return .unknownSession(id: message.id) }
    guard running.count < GatewayLimits.ssePending else { return .temporarilyUnavailable(reason: "too_many_messages") }
    if request.principal.expiresAt > newest.principal.expiresAt { newest = request }
    run(.message(message), inner("POST", of: request, isInitialize: message.method == .initialize), body: body)
    return nil
  }

  private func run(_ role: SSEMessageAnswer.Role, _ request: AuthenticatedRequest, body: [UInt8] = []) {
    let answer = SSEMessageAnswer(role, session: self)
    running[ObjectIdentifier(answer)] = answer
    if case .listener = role { listener = answer }
    let exchange = GatewayExchange(gateway: gateway, authenticated: request, client: answer)
    answer.follow(exchange)
    if !body.isEmpty { exchange.receive(ByteBuffer(bytes: body)) }
    exchange.receiveEnd()
  }

  /// A request of the client as the route would get it.
  private func inner(_ method: String, of request: AuthenticatedRequest, isInitialize: Bool = false)
    -> AuthenticatedRequest
  {
    let outer = request.routed.incoming
    var headers = HeaderFields()
    headers.add("content-type", "application/json")
    headers.addTrace(of: outer)
    if !isInitialize {
      if let mcpSession { headers.add("mcp-session-id", mcpSession) }
      // Clients of this kind say it nowhere; servers without sessions know it from nothing else.
      if let revision, revision > .assumed { headers.add("mcp-protocol-version", revision.rawValue) }
    }
    let incoming = IncomingRequest(
      method: method, path: outer.path, query: "", headers: headers, address: outer.address, id: outer.id,
      arrivedAt: .now())
    let routed = RoutedRequest(incoming: incoming, route: request.routed.route, settings: request.routed.settings)
    return AuthenticatedRequest(routed: routed, principal: request.principal)
  }

  // MARK: - What the client hears

  /// Sends a message.
  func send(_ message: [UInt8]) { write(SSEEvent(event: "message", data: message)) }

  /// `initialize` was answered.
  func began(session: String?, revision: ProtocolRevision?) {
    if let session { mcpSession = session }
    if let revision { self.revision = revision }
  }

  /// A message has run its course.
  func ended(_ answer: SSEMessageAnswer) {
    running[ObjectIdentifier(answer)] = nil
    switch answer.role {
    case .message(let message):
      // Only now may a server say something of its own.
      if message.method == .initialized, listener == nil { listen() }
    case .listener:
      listener = nil
      guard isOpen, answer.wasOpened else { return }
      nextListener = client.eventLoop.assumeIsolated().scheduleTask(in: listenerPause) { [weak self] in self?.listen() }
      listenerPause = min(listenerPause + listenerPause, .seconds(30))
    case .farewell: break
    }
  }

  /// What belongs to none of the client's requests has a stream of its own, as far as the server offers one.
  private func listen() {
    nextListener?.cancel()
    guard isOpen, mcpSession != nil else { return }
    run(.listener, inner("GET", of: newest))
  }

  private func write(_ event: SSEEvent) {
    guard isOpen else { return }
    if !events.send([event]) { cut() }
  }

  // MARK: - The end

  func clientWritabilityChanged() {
    watchReader()
    for answer in Array(running.values) { answer.exchange?.writabilityChanged() }
  }

  /// Everything waits for a client that reads nothing; not for ever.
  private func watchReader() {
    standstill?.cancel()
    guard isOpen, !client.isWritable else { return }
    standstill = client.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.sseStandstill) { [weak self] in
      self?.cut()
    }
  }

  private func cut() {
    end(reason: "slow_reader", takesLeave: true)
    client.abort()
  }

  func clientDisconnected() { end(reason: "client_disconnected", takesLeave: true) }

  func close(reason: String) {
    guard isOpen else { return }
    // Somebody whose right is gone says nothing more to a server, not even good-bye.
    end(reason: reason, takesLeave: reason == "expired" || reason == "shutdown")
    client.finish()
  }

  private func end(reason: String, takesLeave: Bool) {
    guard isOpen else { return }
    isOpen = false
    events.stop()
    nextListener?.cancel()
    standstill?.cancel()
    if let digest { gateway.sseClients.remove(digest) }
    gateway.streams.closed(self, of: nil, on: client.eventLoop)
    exchange.answerEnded(reason: reason)
    let waiting = Array(running.values)
    running = [:]
    // It holds this session, which holds it.
    listener = nil
    for answer in waiting { answer.leave() }
    guard let mcpSession else { return }
    if takesLeave { return run(.farewell, inner("DELETE", of: newest)) }
    guard let session = ArtefactKind.mcpSession.digest(mcpSession.utf8) else { return }
    let sessions = gateway.sessions
    _ = client.eventLoop.makeFutureWithTask { try await sessions.end(session) }
  }
}
