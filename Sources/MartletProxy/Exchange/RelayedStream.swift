import MCPProtocol
import MartletDomain
import NIOCore

/// The stream that answers one call, on its way to the client: parsed and written anew, so that one upstream event is one
/// client event (V-040). In a legacy session it goes through a log, to which a client that was cut off can come back
/// elsewhere it goes straight on. Used on its event loop only.
final class RelayedStream: EventProducer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let call: () -> (any UpstreamCall)?
  private let events: ClientEventStream
  private let filter: ListFilter?
  private let tasks: TaskAnswers?
  private var parser = SSEParser(limits: .upstreamAnswer)
  private var log: EventLog?
  private var reading: LoggedEvents?
  private var ended: ((EventLog.End) -> Void)?
  private var watch = ResponseWatch()
  private var canBeResumed = false
  /// Whether nobody hears on this exchange any more, though the stream goes on.
  private(set) var isDetached = false

  /// - Parameters:
  ///   - tasks: Looks after the tasks in the answer, where it may hold some.
  ///   - call: The call to the upstream, once it is known.
  init(
    exchange: GatewayExchange, request: AdmittedRequest, tasks: TaskAnswers?, call: @escaping () -> (any UpstreamCall)?
  ) {
    self.tasks = tasks
    self.exchange = exchange
    self.request = request
    self.call = call
    events = ClientEventStream(exchange: exchange)
    filter = ListFilter(request, request.classified.method, exchange.gateway.sightings)
  }

  private var client: any ClientStream { exchange.client }
  private var id: JSONRPCID? { request.classified.message?.id }

  /// Sends the head.
  ///
  /// - Parameter ended: Hears how it ended, once.
  func open(_ ended: @escaping (EventLog.End) -> Void) {
    self.ended = ended
    events.open()
    guard let session = request.session?.session, session.upstreamSession != nil,
      let loop = exchange.gateway.streams.loop(client.eventLoop)
    else { return }
    let log = loop.logs.begin(.call, of: session, answering: id)
    log.producer = self
    self.log = log
    let reader = log.attach(after: 0, for: request.classified.authenticated.principal)
    let reading = LoggedEvents(reader, to: client, through: events) { [weak self] in self?.readerEnded($0) }
    self.reading = reading
    log.prime()
    reading.pull()
  }

  // MARK: - The upstream's side

  func take(_ bytes: ByteBuffer) {
    guard var received = try? parser.feed(bytes.readableBytesView) else { return giveUp("bad_event_stream") }
    if let filter {
      guard let shown = try? filter.filtered(received) else { return giveUp("bad_list") }
      received = shown
    }
    if let tasks { received = tasks.taken(received, on: exchange.eventLoop) }
    watch.note(received)
    canBeResumed = canBeResumed || received.contains { $0.id != nil }
    if let log { return log.append(received) }
    guard events.send(received) else { return cut("slow_reader") }
    regulate()
  }

  /// A server that ends the stream of a call before its response wants its client to come back for it. Where there is
  /// nothing to come back by, nobody will hear the response any more.
  func finish() {
    if !watch.hasResponse {
      if canBeResumed, log != nil {
        log?.isUnfinished = true
      } else if request.classified.method != .subscriptionsListen {
        say(LostAnswer.events(id))
      }
    }
    conclude(.complete(nil))
  }

  /// The upstream broke off. Where that leaves a call without its response, the client hears so.
  func fail(_ reason: String) {
    if !watch.hasResponse { say(LostAnswer.events(id)) }
    conclude(.complete("upstream_unavailable:\(reason)"))
  }

  /// What comes can't be read on.
  private func giveUp(_ reason: String) {
    call()?.cancel()
    fail(reason)
  }

  private func say(_ more: [SSEEvent]) {
    if let log { log.append(more) } else { _ = events.send(more) }
  }

  private func cut(_ reason: String) {
    call()?.cancel()
    conclude(.cut(reason))
  }

  /// A log hands its end on when its reader has got there; nobody else would end the exchange of a client that is gone.
  private func conclude(_ end: EventLog.End) {
    log?.finish(end)
    if log == nil || reading == nil { self.end(end) }
  }

  /// Either the stream is over, or its client came back for it on another connection.
  private func readerEnded(_ end: EventLog.End) {
    reading = nil
    if log?.end != nil { return self.end(end) }
    isDetached = true
    events.stop()
    exchange.answerEnded(reason: "replaced")
    client.finish()
  }

  private func end(_ end: EventLog.End) {
    guard let ended else { return }
    self.ended = nil
    ended(end)
  }

  // MARK: - The client's side

  func clientWritabilityChanged() {
    if let reading { reading.pull() } else { regulate() }
  }

  /// The upstream is read on (§4.2).
  func clientDisconnected() {
    events.stop()
    if log == nil { return setReading(true) }
    reading?.stop()
    reading = nil
    if let end = log?.end { self.end(end) }
  }

  private func regulate() { if log == nil { setReading(client.isWritable) } }

  /// The end from outside. A subscription ends with its response, as its client may expect (2026-07-28).
  func close(reason: String) {
    if reason == "shutdown", request.classified.message?.method == .subscriptionsListen, let id {
      say([SSEEvent(message: .response(MCPResponse(id: id, outcome: .result(["resultType": "complete"]))))])
    }
    log?.finish(.complete(reason))
    end(.complete(reason))
  }

  /// Nothing more goes to the client.
  func stop() {
    events.stop()
    reading?.stop()
    reading = nil
  }

  // MARK: - The log's side

  func setReading(_ reading: Bool) { call()?.setReading(reading) }

  func readerLeft() {}

  func readerCame(_ principal: Principal) {}

  func sessionEnded() {
    call()?.cancel()
    close(reason: "session_ended")
  }
}
