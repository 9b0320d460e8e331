import MCPProtocol
import MartletDomain
import NIOCore
import StrictCoding

/// What a bridge says to its client: JSON where there is nothing but the response, a stream from the first message that
/// comes before it. Used on its event loop only.
final class ClientMessages {
  private enum Mode {
    case silent
    case streaming
    case done
  }

  private let exchange: GatewayExchange
  private let id: JSONRPCID?
  private let events: ClientEventStream
  private var mode = Mode.silent {
    didSet {
      silence?.cancel()
      silence = nil
    }
  }
  private var silence: Scheduled<Void>?
  private var isEnded = false
  private var keep: ((ClientMessages) -> KeptStream?)?
  private var kept: KeptStream?

  /// - Parameter id: The id of the client's request, for errors.
  init(exchange: GatewayExchange, id: JSONRPCID?) {
    self.exchange = exchange
    self.id = id
    events = ClientEventStream(exchange: exchange)
  }

  var isDone: Bool { if case .done = mode { true } else { false } }

  /// Whether a client that is gone can come back for what is said now.
  var isKept: Bool { kept != nil && !isDone }

  /// Whether nothing was sent yet.
  var isSilent: Bool { if case .silent = mode { true } else { false } }

  /// From now on, a comment tells proxies on the way that something still happens, as soon as they may wonder.
  ///
  /// - Parameter opening: What goes with the stream that opens for that.
  func expectSilence(_ opening: @escaping () -> Void = {}) {
    silence = exchange.client.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.keepAlive) { [weak self] in
      opening()
      self?.openStream()
    }
  }

  /// Opens the stream, for answers that are one in any case.
  func openStream() {
    guard case .silent = mode else { return }
    mode = .streaming
    events.open()
    kept = keep?(self)
  }

  /// Lets the client come back to the stream, if there will be one.
  func keep(in session: MCPSession, for principal: Principal, from producer: any EventProducer) {
    keep = { [weak producer] messages in
      guard let producer else { return nil }
      return KeptStream(
        messages.exchange, session, answering: messages.id, for: principal, from: producer, through: messages.events
      ) { [weak messages] in messages?.readerEnded($0) }
    }
  }

  /// Sends a message that comes before the response.
  ///
  /// - Parameter event: The event's id, for streams that aren't kept here.
  func send(_ message: MCPMessage, event: String? = nil) {
    openStream()
    guard case .streaming = mode else { return }
    if !say(SSEEvent(message: message, id: event)) { cut(reason: "slow_reader") }
  }

  /// Sends an event without content, for its id.
  func prime(_ event: String) {
    guard case .streaming = mode else { return }
    _ = say(SSEEvent(id: event, data: []))
  }

  private func say(_ event: SSEEvent) -> Bool {
    guard let kept else { return events.send([event]) }
    kept.append(event)
    return true
  }

  /// The client takes more.
  func clientWritabilityChanged() { kept?.pull() }

  /// Sends the response, and ends.
  ///
  /// - Parameters:
  ///   - response: Under the id of the client's request.
  ///   - status: The HTTP status, where nothing was sent yet.
  ///   - session: The session that begins with it.
  func conclude(_ response: MCPResponse, status: Int = 200, session: Secret? = nil) {
    switch mode {
    case .silent:
      var answer = GatewayResponse.json(status, response.encoded())
      if let session { answer = answer.adding("mcp-session-id", ByteString(session.expose()).string) }
      whole(answer)
    case .streaming:
      _ = say(SSEEvent(message: .response(response)))
      finish(reason: nil)
    case .done: break
    }
  }

  /// Says that a notification or a response was taken.
  func accept() { whole(GatewayResponse(status: 202)) }

  /// Sends a whole answer, and ends.
  func whole(_ answer: GatewayResponse) {
    guard case .silent = mode else { return }
    mode = .done
    isEnded = true
    exchange.answerEnded(
      reason: answer.head.status < 400 ? nil : "status_\(answer.head.status)", status: answer.head.status)
    exchange.sendHead(answer.head, length: answer.body.count)
    if !answer.body.isEmpty { exchange.client.send(body: ByteBuffer(bytes: answer.body)) }
    exchange.client.finish()
  }

  /// Refuses: by HTTP where nothing was sent yet, else as an error on the stream.
  func reject(_ rejection: Rejection) {
    switch mode {
    case .silent:
      mode = .done
      isEnded = true
      exchange.reject(rejection)
    case .streaming:
      if let id {
        let failure = MCPResponse.Failure(code: .upstreamUnavailable, message: Self.words(for: rejection))
        let response = exchange.response(to: rejection) ?? MCPResponse(id: id, outcome: .error(failure))
        _ = say(SSEEvent(message: .response(response)))
      }
      finish(reason: rejection.reason)
    case .done: break
    }
  }

  private static func words(for rejection: Rejection) -> String {
    if case .outcomeUnknown(let reason, _) = rejection { return RejectionRendering.outcomeUnknown(reason) }
    return "The server behind this route failed."
  }

  /// Ends a stream that has no response, or not yet. A kept one ends for its client when that has read it.
  func finish(reason: String?) {
    guard !isDone else { return }
    mode = .done
    if let kept { return kept.finish(.complete(reason)) }
    if end(reason: reason) { exchange.client.finish() }
  }

  /// Ends the connection, because the answer can't be completed.
  func cut(reason: String) {
    guard !isDone else { return }
    forget(reason: reason)
    exchange.client.abort()
  }

  /// The client is gone: nothing more is sent to it here.
  func forget(reason: String) {
    if kept == nil { mode = .done }
    kept?.leave()
    end(reason: reason)
  }

  /// The client has everything, or reads on elsewhere.
  private func readerEnded(_ end: EventLog.End) {
    guard case .complete(let reason) = end else { return }
    if self.end(reason: reason) { exchange.client.finish() }
  }

  @discardableResult
  private func end(reason: String?) -> Bool {
    guard !isEnded else { return false }
    isEnded = true
    events.stop()
    exchange.answerEnded(reason: reason)
    return true
  }
}
