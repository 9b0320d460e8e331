import MCPProtocol
import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding

/// Brings an upstream's answer to a client of the same era: JSON as it came, streams event by event, both with
/// back-pressure.
final class AnswerRelay: ExchangeAnswer, UpstreamReceiver {
  private enum Mode {
    case waiting
    /// JSON that goes on as it comes.
    case passing
    /// A stream: parsed and written anew, so that one upstream event is one client event (V-040).
    case streaming(SSEParser)
    /// Read whole before anything is sent: `initialize`, and answers that aren't success.
    case collecting(status: Int, headers: HeaderFields, [UInt8])
    case done
  }

  private let exchange: GatewayExchange
  private let request: AdmittedRequest
  private let upstream: AbsoluteURL
  private var outbound: OutboundRequest?
  private var mode = Mode.waiting
  private var call: (any UpstreamCall)?
  private let events: ClientEventStream
  private var conflicts = 0
  private var clientIsGone = false

  init(exchange: GatewayExchange, request: AdmittedRequest, upstream: AbsoluteURL) {
    self.exchange = exchange
    self.request = request
    self.upstream = upstream
    events = ClientEventStream(exchange: exchange)
  }

  private var client: any ClientStream { exchange.client }
  private var message: MCPMessage? { request.classified.message }
  private var opensSession: Bool { message?.method == .initialize }

  private var opensStream: Bool { request.classified.incoming.method == "GET" }

  /// A notification or a response of the client: all that it can hear is that it was taken.
  private var isOneWay: Bool { message.map { $0.request == nil } ?? false }

  func start(_ outbound: OutboundRequest) {
    if outbound.method == .get, let session = request.session?.session.digest {
      exchange.gateway.streams.replace(session, by: self, on: client.eventLoop)
    }
    send(outbound)
  }

  private func send(_ outbound: OutboundRequest) {
    self.outbound = outbound
    call = exchange.gateway.transport.send(outbound, to: self, on: client.eventLoop)
  }

  // MARK: - The upstream's side

  func upstreamAnswered(status: Int, headers: HeaderFields) {
    let isStream = MediaType.isEventStream(headers.first("content-type"))
    switch status {
    case 200..<300 where isOneWay && isStream:
      call?.cancel()
      send(GatewayResponse(status: 202))
    case 200..<300 where isOneWay: mode = .collecting(status: status, headers: headers, [])
    case 200 where isStream && !opensSession:
      startStream()
    case 200 where MediaType.isJSONAnswer(headers.first("content-type")) && !opensSession && message != nil:
      mode = .passing
      exchange.sendHead(
        GatewayResponse.Head(status: 200, type: "application/json"),
        length: headers.first("content-length").flatMap { Int($0) })
    default: mode = .collecting(status: status, headers: headers, [])
    }
  }

  func upstreamSent(_ bytes: ByteBuffer) {
    switch mode {
    case .passing:
      if !clientIsGone { client.send(body: bytes) }
      regulate()
    case .streaming(var parser):
      relayEvents(bytes, &parser)
    case .collecting(let status, let headers, var collected):
      mode = .waiting
      collected.append(contentsOf: bytes.readableBytesView)
      mode = .collecting(status: status, headers: headers, collected)
      if collected.count > GatewayLimits.bufferedAnswer { fail("answer_too_large") }
      // A stream that opens a session may stay open after its response has come.
      if opensSession, MediaType.isEventStream(headers.first("content-type")), status == 200,
        let answer = InitializeAnswer(body: collected, headers: headers)
      {
        call?.cancel()
        openSession(answer, collected, headers)
      }
    case .waiting, .done: break
    }
  }

  func upstreamFinished() {
    switch mode {
    case .passing, .streaming: finish(reason: nil)
    case .collecting(let status, let headers, let body): answered(status, headers, body)
    case .waiting: fail("no_answer")
    case .done: break
    }
  }

  func upstreamFailed(_ failure: UpstreamFailure) { fail(failure.code) }

  // MARK: - Whole answers

  private func answered(_ status: Int, _ headers: HeaderFields, _ body: [UInt8]) {
    switch status {
    case 200 where opensSession: openSession(InitializeAnswer(body: body, headers: headers), body, headers)
    case 200..<300 where isOneWay: send(GatewayResponse(status: 202))
    case 200..<300 where request.classified.incoming.method == "DELETE": endSession(status: 200)
    case 405 where request.classified.incoming.method == "DELETE": endSession(status: 200)
    // Every other answer to GET sends clients round in circles (X3).
    case 200..<300 where opensStream, 400 where opensStream, 405...406 where opensStream, 501 where opensStream:
      noStream()
    // Our client's token is fine, whatever the upstream thinks of our call (S3).
    case 401, 403: fail("status_\(status)")
    case 404 where request.session != nil: sessionLost()
    case 409 where opensStream && conflicts < GatewayLimits.streamConflicts: sendAgain()
    case 400..<500: send(relayed(status, headers, body))
    default: fail("status_\(status)")
    }
  }

  /// The stream that this one replaces has not ended at the upstream yet.
  private func sendAgain() {
    conflicts += 1
    mode = .waiting
    _ = client.eventLoop.assumeIsolated().scheduleTask(in: GatewayLimits.streamConflictPause) { [self] in
      guard case .waiting = mode, !clientIsGone, let outbound else { return }
      send(outbound)
    }
  }

  /// A refusal goes on with its status, since clients tell eras by it; a body that isn't JSON is replaced.
  private func relayed(_ status: Int, _ headers: HeaderFields, _ body: [UInt8]) -> GatewayResponse {
    guard MediaType.isJSONAnswer(headers.first("content-type")), (try? JSONReader.parse(body)) != nil else {
      let error = JSONRPCErrorBody.encode(
        id: request.classified.id, code: .upstreamUnavailable, message: "The server answered HTTP \(status).")
      return naming(status, .json(status, error))
    }
    return naming(status, .json(status, body))
  }

  private func naming(_ status: Int, _ response: GatewayResponse) -> GatewayResponse {
    status == 405 ? response.adding("allow", "POST") : response
  }

  private func noStream() {
    settle()
    exchange.reject(.methodNotAllowed(allow: "POST, DELETE, OPTIONS"))
  }

  private func sessionLost() {
    if let session = request.session?.session { exchange.gateway.sessions.end(session, on: client.eventLoop) }
    settle()
    exchange.reject(.unknownSession(id: request.classified.id))
  }

  private func endSession(status: Int) {
    if let session = request.session?.session { exchange.gateway.sessions.end(session, on: client.eventLoop) }
    send(GatewayResponse(status: status))
  }

  private func send(_ response: GatewayResponse) {
    guard !clientIsGone else { return finish(reason: "client_disconnected") }
    exchange.sendHead(response.head, length: response.body.count)
    if !response.body.isEmpty { client.send(body: ByteBuffer(bytes: response.body)) }
    finish(reason: response.head.status < 400 ? nil : "upstream_status_\(response.head.status)")
  }

  // MARK: - Opening a session

  /// The session is stored before the client hears of it, so that no crash loses one that a client holds.
  private func openSession(_ answer: InitializeAnswer?, _ body: [UInt8], _ headers: HeaderFields) {
    settle()
    guard let answer else { return failOpening("bad_initialize_answer") }
    let isStream = MediaType.isEventStream(headers.first("content-type"))
    let type = isStream ? "text/event-stream" : "application/json"
    guard answer.response.result != nil, let upstreamSession = answer.upstreamSession else {
      return deliver(body, type, session: nil)
    }
    guard answer.hasUsableSession else { return failOpening("bad_session_id") }
    let binding = principal.binding
    let (bytes, url) = (request.classified.bytes, upstream.string)
    let revision = answer.revision ?? .assumed
    let opening = exchange.gateway.sessions.open(on: client.eventLoop) { digest, now in
      MCPSession(
        digest: digest, binding: binding, revision: revision, initializeRequest: bytes,
        upstreamSession: upstreamSession, upstreamURL: url, createdAt: now, usedAt: now)
    }
    opening.assumeIsolated().whenComplete { [self] result in
      switch result {
      case .success(let id): deliver(body, type, session: id)
      case .failure: exchange.reject(.temporarilyUnavailable(reason: "session_store"))
      }
    }
  }

  private func failOpening(_ reason: String) {
    exchange.reject(.upstreamUnavailable(reason: reason, id: request.classified.id))
  }

  private func deliver(_ body: [UInt8], _ type: String, session: Secret?) {
    var head = GatewayResponse.Head(status: 200, type: type)
    if let session { head.headers.add("mcp-session-id", ByteString(session.expose()).string) }
    guard !clientIsGone else { return exchange.answerEnded(reason: "client_disconnected") }
    exchange.sendHead(head, length: body.count)
    client.send(body: ByteBuffer(bytes: body))
    client.finish()
    exchange.answerEnded(reason: nil)
  }

  // MARK: - Streams

  private func startStream() {
    mode = .streaming(SSEParser())
    events.open()
    exchange.gateway.streams.opened(self, on: client.eventLoop)
  }

  private func relayEvents(_ bytes: ByteBuffer, _ parser: inout SSEParser) {
    // The parser is not shared with `mode` while it works, so that its buffers are not copied.
    mode = .waiting
    let fed = try? parser.feed(bytes.readableBytesView)
    mode = .streaming(parser)
    guard let fed else { return fail("malformed_stream") }
    guard !clientIsGone else { return }
    guard events.send(fed) else { return cut(reason: "slow_reader") }
    regulate()
  }

  var principal: Principal { request.classified.authenticated.principal }

  var isEndless: Bool { message == nil || message?.method == .subscriptionsListen }

  func close(reason: String) {
    call?.cancel()
    if case .streaming = mode { finish(reason: reason) } else { fail(reason) }
  }

  private func cut(reason: String) {
    call?.cancel()
    end(reason: reason)
    client.abort()
  }

  private func regulate() { call?.setReading(clientIsGone || client.isWritable) }

  // MARK: - The client's side

  func clientWritabilityChanged() { regulate() }

  /// In the modern era, and for the stream of a session, going away ends the call; a legacy call goes on (§4.2).
  func clientDisconnected() {
    clientIsGone = true
    if request.classified.classification.era == .modern || message == nil {
      call?.cancel()
      end(reason: "client_disconnected")
    } else {
      regulate()
    }
  }

  // MARK: - The end

  private func fail(_ reason: String) {
    switch mode {
    case .done: return
    case .passing, .streaming:
      // The head is out: the client must not take half an answer for a whole one.
      cut(reason: "upstream_unavailable:\(reason)")
    case .waiting, .collecting:
      call?.cancel()
      settle()
      guard !clientIsGone else { return exchange.answerEnded(reason: "upstream_unavailable:\(reason)") }
      exchange.reject(.upstreamUnavailable(reason: reason, id: request.classified.id))
    }
  }

  private func finish(reason: String?) {
    guard end(reason: reason) else { return }
    if !clientIsGone { client.finish() }
  }

  @discardableResult
  private func end(reason: String?) -> Bool {
    if case .done = mode { return false }
    settle()
    exchange.answerEnded(reason: reason)
    return true
  }

  private func settle() {
    mode = .done
    events.stop()
    exchange.gateway.streams.closed(self, of: request.session?.session.digest, on: client.eventLoop)
  }
}
