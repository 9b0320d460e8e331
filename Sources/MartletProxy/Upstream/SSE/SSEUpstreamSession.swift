import MCPProtocol
import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding

/// A session with a server of 2024-11-05, in the shape of one of Streamable HTTP: each call gets its own answer, and what
/// belongs to no call has a stream of its own. Used on its event loop only; calls may live on others.
///
/// It lives as long as the server's stream. With it go the calls that wait for an answer: whether the server has done
/// what they ask nobody knows, so none is sent again.
final class SSEUpstreamSession {
  private let id: String
  private let endpoint: AbsoluteURL
  private let stream: SSEServerStream
  private let transport: any UpstreamTransport
  private let eventLoop: any EventLoop
  private let onEnd: () -> Void
  private var correlation = SSECorrelation()
  private var answers: [SSECallNumber: SSEAnswer] = [:]
  private var listener: SSEAnswer?
  /// The newest request of the client: who it was is who answers for it.
  private var latest: OutboundRequest
  private var backlog = SSEBacklog()
  /// Messages that wait for a slow reader.
  private var held: ArraySlice<SSEEvent> = []
  private var stall: Scheduled<Void>?
  private var idle: Scheduled<Void>?
  private var lastWord = NIODeadline.now()
  private var isReading = true
  private var isOpen = true

  /// - Parameters:
  ///   - id: What callers name it by; the server never sees it.
  ///   - request: The `initialize` that it begins with.
  ///   - onEnd: Called once, when it has ended.
  init(
    id: String, endpoint: AbsoluteURL, stream: SSEServerStream, request: OutboundRequest,
    over transport: any UpstreamTransport, on eventLoop: any EventLoop, onEnd: @escaping () -> Void
  ) {
    self.id = id
    self.endpoint = endpoint
    self.stream = stream
    self.transport = transport
    self.eventLoop = eventLoop
    self.onEnd = onEnd
    latest = request
    stream.listen { [weak self] turn in self?.hear(turn) }
    watch()
  }

  /// Who used it last.
  var principal: Principal? { latest.principal }

  // MARK: - Callers

  /// Takes a message of the client.
  func take(_ request: OutboundRequest, _ message: MCPMessage, _ port: SSECallPort) {
    guard isOpen else { return port.tell(status: 404) }
    lastWord = .now()
    latest = request
    if request.sharesSession { correlation.isShared = true }
    guard let asked = message.request else { return pass(request, message, port) }
    guard correlation.count < GatewayLimits.ssePending else {
      return port.tell(.failed(.unreachable))
    }
    guard correlation.began(asked, as: port.number) else {
      let error = JSONRPCErrorBody.encode(
        id: asked.id, code: .invalidRequest, message: "a request with this id is under way")
      return port.tell(status: 400, type: "application/json", body: error)
    }
    let answer = SSEAnswer(port, session: asked.method == .initialize ? id : nil)
    answers[port.number] = answer
    answer.openLater(on: eventLoop)
    // Nobody else is there to hear what was said in between.
    while let event = backlog.next() { answer.send(event) }
    post(request) { [self] outcome in posted(outcome, port) }
  }

  /// Opens the stream for what belongs to no call; it ends the one before.
  func listen(_ port: SSECallPort) {
    guard isOpen else { return port.tell(status: 404) }
    lastWord = .now()
    listener?.finish()
    let answer = SSEAnswer(port, session: nil)
    listener = answer
    correlation.hasListener = true
    answer.open()
    while let event = backlog.next() { answer.send(event) }
    drain()
  }

  /// Ends the session for its owner.
  func close(_ port: SSECallPort) {
    guard isOpen else { return port.tell(status: 404) }
    end(.disconnected)
    port.tell(status: 200)
  }

  func cancel(_ number: SSECallNumber) {
    forget(number)
    drain()
  }

  func setReading(_ reading: Bool, of number: SSECallNumber) {
    let answer = listener?.number == number ? listener : answers[number]
    answer?.isPaused = !reading
    if reading { drain() }
  }

  /// Ends it, whoever waits.
  func end(_ failure: UpstreamFailure) {
    guard isOpen else { return }
    isOpen = false
    stall?.cancel()
    idle?.cancel()
    stream.cancel()
    held = []
    let waiting = answers.values
    answers = [:]
    for answer in waiting { answer.fail(failure) }
    listener?.finish()
    listener = nil
    onEnd()
  }

  // MARK: - To the server

  private func post(_ request: OutboundRequest, _ completion: @escaping (SSEPost.Outcome) -> Void) {
    var outbound = request.another(.post, to: endpoint)
    outbound.body = request.body
    outbound.traceContext = request.traceContext
    outbound.isRepeatable = request.isRepeatable
    _ = transport.send(outbound, to: SSEPost(completion: completion), on: eventLoop)
  }

  private func pass(_ request: OutboundRequest, _ message: MCPMessage, _ port: SSECallPort) {
    post(request) { [self] outcome in
      switch outcome {
      case .accepted:
        port.tell(status: 202)
        if case .notification(let notification) = message, let id = notification.cancelledRequestID { cancelled(id) }
      case .refused(404, _, _):
        port.tell(status: 404)
        end(.disconnected)
      case .refused(let status, let type, let body): port.tell(status: status, type: type, body: body)
      case .failed(let failure): port.tell(.failed(failure))
      }
    }
  }

  /// What was cancelled is not answered (2024-11-05, Cancellation): what the server says next is about something else.
  private func cancelled(_ id: JSONRPCID) {
    guard let number = correlation.number(of: id) else { return }
    forget(number)?.finish()
    drain()
  }

  private func posted(_ outcome: SSEPost.Outcome, _ port: SSECallPort) {
    guard answers[port.number] != nil else { return }
    switch outcome {
    case .accepted: break
    case .refused(let status, let type, let body):
      let answer = forget(port.number)
      // The server has forgotten its own session: whoever calls begins another.
      answer?.refuse(status: status, type: type, body: body)
      if status == 404 { end(.disconnected) }
    case .failed(let failure): forget(port.number)?.fail(failure)
    }
  }

  // MARK: - From the server

  private func hear(_ turn: SSEServerStream.Turn) {
    switch turn {
    case .events(let events):
      held += events
      drain()
    case .ended(let failure): end(failure == .malformed ? .malformed : .disconnected)
    }
  }

  /// Brings messages where they belong, in their order, for as long as their readers keep up.
  private func drain() {
    while isOpen, let event = held.first {
      guard let data = event.messageData else {
        held.removeFirst()
        continue
      }
      // What can't be read can't be told from the answer that somebody waits for.
      guard let message = try? MCPMessage.parse(data, limits: .upstreamAnswer) else {
        guard UnreadableMessage.isNotification(data) else { return end(.malformed) }
        held.removeFirst()
        continue
      }
      let destination = correlation.destination(of: message)
      if let reader = reader(destination), reader.isPaused { return wait(for: reader) }
      held.removeFirst()
      stall?.cancel()
      stall = nil
      lastWord = .now()
      deliver(message, data, to: destination)
    }
    read(true)
  }

  private func read(_ reading: Bool) {
    guard isOpen, reading != isReading else { return }
    isReading = reading
    stream.setReading(reading)
  }

  private func reader(_ destination: SSECorrelation.Destination) -> SSEAnswer? {
    switch destination {
    case .answer(let number), .call(let number): answers[number]
    case .listener: listener
    case .nobody, .unclear, .stray: nil
    }
  }

  private func deliver(_ message: MCPMessage, _ data: [UInt8], to destination: SSECorrelation.Destination) {
    switch destination {
    case .answer(let number):
      guard let answer = forget(number), case .response(let response) = message else { return }
      answer.conclude(data, isResult: response.result != nil)
      // What could not begin has nothing to go on with.
      if answer.opensSession, response.result == nil { end(.disconnected) }
    case .call(let number): answers[number]?.send(data)
    case .listener: listener?.send(data)
    case .nobody: keep(message, data)
    case .unclear: if let request = message.request { refuse(request.id, .methodNotFound, "Whom to ask is not clear.") }
    case .stray: break
    }
  }

  /// Nobody is there: a ping is answered here, the rest waits for the next who comes.
  private func keep(_ message: MCPMessage, _ data: [UInt8]) {
    if let request = message.request, request.method == .ping {
      return answer(MCPResponse(id: request.id, outcome: .result(.object([:]))))
    }
    for dropped in backlog.keep(data, request: message.request?.id) {
      refuse(dropped, .internalError, "The client has no stream open.")
    }
  }

  private func refuse(_ id: JSONRPCID, _ code: JSONRPCErrorCode, _ message: String) {
    answer(MCPResponse(id: id, outcome: .error(MCPResponse.Failure(code: code, message: message))))
  }

  private func answer(_ response: MCPResponse) {
    var request = latest
    request.body = response.encoded()
    request.isRepeatable = true
    post(request) { _ in }
  }

  /// The stream stands still while its next message's reader does; one that never goes on is given up.
  private func wait(for reader: SSEAnswer) {
    read(false)
    guard stall == nil else { return }
    stall = eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.sseStall) { [weak self, weak reader] in
      guard let self, let reader else { return }
      stall = nil
      forget(reader.number)
      reader.fail(.timeout)
      drain()
    }
  }

  @discardableResult
  private func forget(_ number: SSECallNumber) -> SSEAnswer? {
    if let listener, listener.number == number {
      self.listener = nil
      correlation.hasListener = false
      return listener
    }
    correlation.ended(number)
    let answer = answers.removeValue(forKey: number)
    answer?.settle()
    return answer
  }

  private func watch() {
    let due = lastWord + GatewayLimits.sseIdle
    idle = eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
      guard let self, isOpen else { return }
      if listener == nil, lastWord + GatewayLimits.sseIdle <= .now() { return end(.timeout) }
      if listener != nil { lastWord = .now() }
      watch()
    }
  }
}
