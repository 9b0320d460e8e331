import MCPProtocol
import MartletDomain
import NIOCore

/// Answers the GET of a legacy session: with the server's own stream, or with the rest of a stream that the client lost.
/// Used on its event loop only.
final class StreamAnswer: ExchangeAnswer {
  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let session: MCPSession
  private let events: ClientEventStream
  private var reading: LoggedEvents?
  private var isOver = false

  init(exchange: GatewayExchange, request: AdmittedRequest, session: MCPSession) {
    self.exchange = exchange
    self.request = request
    self.session = session
    events = ClientEventStream(exchange: exchange)
  }

  var account: ConnectionKey? { request.account }

  var principal: Principal { request.classified.authenticated.principal }

  let isEndless = true

  private var gateway: Gateway { exchange.gateway }
  private var client: any ClientStream { exchange.client }

  func start() {
    guard let point = exchange.lastEvent(of: request) else { return openUpstream(from: nil) }
    gateway.streams.find(
      point.stream, of: session.digest, after: point.sequence, for: principal, on: client.eventLoop
    ).assumeIsolated().whenComplete { [self] found in
      if case .success(let log?) = found { return begin(log) }
      if !isOver { goOn(from: point) }
    }
  }

  /// This process doesn't have what follows: the upstream may.
  private func goOn(from point: EventPoint) {
    if point.upstreamID != nil {
      openUpstream(from: point)
    } else if point.stream.kind == .call {
      answerIsLost(point.request)
    } else {
      openUpstream(from: nil)
    }
  }

  private func openUpstream(from point: EventPoint?) {
    UpstreamStream(gateway, request, from: point, on: client.eventLoop).open { [self] result in
      switch result {
      case .success(let log): begin(log.attach(after: point?.sequence ?? 0, for: principal))
      case .failure where point?.stream.kind == .call: if !isOver { answerIsLost(point?.request) }
      case .failure(.none): reject(.methodNotAllowed(allow: "POST, DELETE, OPTIONS"))
      case .failure(.rejected(let rejection)): reject(rejection)
      case .failure(.refused(let status, let headers, let body)):
        guard !isOver else { return }
        isOver = true
        UpstreamRefusal(status, headers, body, answering: nil).send(on: exchange)
      }
    }
  }

  private func begin(_ log: EventLogReader) {
    guard !isOver else { return log.leave(on: client.eventLoop) }
    events.open()
    gateway.streams.opened(self, on: client.eventLoop)
    let reading = LoggedEvents(log, to: client, through: events) { [weak self] end in
      switch end {
      case .complete(let reason): self?.finish(reason: reason)
      case .cut(let reason): self?.cut(reason: reason)
      }
    }
    self.reading = reading
    reading.pull()
  }

  /// A stream that says so: the client must not wait for an answer that nobody has.
  private func answerIsLost(_ id: JSONRPCID?) {
    guard id != nil else { return reject(.methodNotAllowed(allow: "POST, DELETE, OPTIONS")) }
    events.open()
    _ = events.send(LostAnswer.events(id))
    finish(reason: "answer_lost")
  }

  private func reject(_ rejection: Rejection) {
    guard !isOver else { return }
    isOver = true
    exchange.reject(rejection)
  }

  // MARK: - The client's side

  func clientWritabilityChanged() { reading?.pull() }

  func clientDisconnected() { end(reason: "client_disconnected") }

  /// A client that is told to come back does so with the last id that it saw.
  func close(reason: String) {
    if reason == "shutdown", !isOver { _ = events.send([SSEEvent(retry: GatewayLimits.comeBack)]) }
    finish(reason: reason)
  }

  private func finish(reason: String?) {
    if end(reason: reason) { client.finish() }
  }

  private func cut(reason: String) {
    if end(reason: reason) { client.abort() }
  }

  @discardableResult
  private func end(reason: String?) -> Bool {
    guard !isOver else { return false }
    isOver = true
    reading?.stop()
    events.stop()
    gateway.streams.closed(self, of: nil, on: client.eventLoop)
    exchange.answerEnded(reason: reason)
    return true
  }
}

extension GatewayExchange {
  /// Where a client that comes back wants to go on. An id that isn't of its session is as good as none.
  func lastEvent(of request: AdmittedRequest) -> EventPoint? {
    let presented = request.classified.incoming.headers.values("last-event-id")
    guard presented.count == 1, let session = request.session?.session else { return nil }
    return gateway.eventIDs.decode(presented[0], of: session)
  }
}
