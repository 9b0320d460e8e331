import MCPProtocol
import MartletDomain
import NIOCore
import OAuthProtocol
import StrictCoding

/// Brings an upstream's answer to the client: JSON as it came, streams event by event, both with back-pressure.
final class AnswerRelay: UpstreamReceiver {
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
  private var keepAlive: Scheduled<Void>?
  private var lastWrite = NIODeadline.now()
  private var conflicts = 0
  private var clientIsGone = false

  init(exchange: GatewayExchange, request: AdmittedRequest, upstream: AbsoluteURL) {
    self.exchange = exchange
    self.request = request
    self.upstream = upstream
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
      mode = .streaming(SSEParser())
      startStream()
    case 200 where MediaType.isJSONAnswer(headers.first("content-type")) && !opensSession && message != nil:
      mode = .passing
      exchange.sendHead(Self.head(200, "application/json"), length: headers.first("content-length").flatMap { Int($0) })
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
      if opensSession, MediaType.isEventStream(headers.first("content-type")), status == 200 {
        openSessionIfAnswered(collected, headers)
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
    case 200 where opensSession: openSession(body, headers)
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

  private func openSessionIfAnswered(_ body: [UInt8], _ headers: HeaderFields) {
    var parser = SSEParser()
    guard let events = try? parser.feed(body), Self.response(in: events) != nil else { return }
    call?.cancel()
    openSession(body, headers)
  }

  /// The session is stored before the client hears of it, so that no crash loses one that a client holds.
  private func openSession(_ body: [UInt8], _ headers: HeaderFields) {
    settle()
    let response = Self.openingResponse(body, isStream: MediaType.isEventStream(headers.first("content-type")))
    guard let response else { return failOpening("bad_initialize_answer") }
    let type = MediaType.isEventStream(headers.first("content-type")) ? "text/event-stream" : "application/json"
    guard response.result != nil, let upstreamSession = headers.first("mcp-session-id") else {
      return deliver(body, type, session: nil)
    }
    // Visible ASCII, by the transport; anything else could not be sent back (§4.2).
    guard !upstreamSession.isEmpty, upstreamSession.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      upstreamSession.utf8.count <= GatewayLimits.upstreamSession
    else { return failOpening("bad_session_id") }
    let revision = response.result?["protocolVersion"]?.stringValue.flatMap { ProtocolRevision($0) }
    let binding = request.classified.authenticated.principal.binding
    let (bytes, url) = (request.classified.bytes, upstream.string)
    let opening = exchange.gateway.sessions.open(on: client.eventLoop) { digest, now in
      MCPSession(
        digest: digest, binding: binding, revision: revision ?? .assumed, initializeRequest: bytes,
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
    var head = Self.head(200, type)
    if let session { head.headers.add("mcp-session-id", ByteString(session.expose()).string) }
    guard !clientIsGone else { return exchange.relayEnded(reason: "client_disconnected") }
    exchange.sendHead(head, length: body.count)
    client.send(body: ByteBuffer(bytes: body))
    client.finish()
    exchange.relayEnded(reason: nil)
  }

  private static func openingResponse(_ body: [UInt8], isStream: Bool) -> MCPResponse? {
    if isStream {
      var parser = SSEParser()
      return (try? parser.feed(body)).flatMap { response(in: $0) }
    }
    guard case .response(let response)? = try? MCPMessage.parse(body) else { return nil }
    return response
  }

  private static func response(in events: [SSEEvent]) -> MCPResponse? {
    for event in events {
      if let data = event.data, case .response(let response)? = try? MCPMessage.parse(data) { return response }
    }
    return nil
  }

  // MARK: - Streams

  private func startStream() {
    var head = Self.head(200, "text/event-stream")
    head.headers.add("x-accel-buffering", "no")
    exchange.sendHead(head, length: nil)
    // Proxies on the way may hold a head back until the first byte of the body (X5).
    write(ByteBuffer(bytes: SSEEvent.keepAlive))
    exchange.gateway.streams.opened(self, on: client.eventLoop)
    scheduleTick()
  }

  private func scheduleTick() {
    let due = lastWrite + GatewayLimits.keepAlive
    keepAlive = client.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in self?.tick() }
  }

  private func tick() {
    guard case .streaming = mode, !clientIsGone else { return }
    if lastWrite + GatewayLimits.keepAlive <= .now() { write(ByteBuffer(bytes: SSEEvent.keepAlive)) }
    scheduleTick()
  }

  private func write(_ bytes: ByteBuffer) {
    lastWrite = .now()
    client.send(body: bytes)
  }

  private func relayEvents(_ bytes: ByteBuffer, _ parser: inout SSEParser) {
    // The parser is not shared with `mode` while it works, so that its buffers are not copied.
    mode = .waiting
    let fed = try? parser.feed(bytes.readableBytesView)
    mode = .streaming(parser)
    guard let events = fed else { return fail("malformed_stream") }
    guard !clientIsGone, !events.isEmpty else { return }
    var buffer = ByteBuffer()
    for event in events where !event.isEmpty { buffer.writeBytes(event.encoded()) }
    guard buffer.readableBytes > 0 else { return }
    write(buffer)
    if client.waitingBytes > GatewayLimits.slowReader { return cut(reason: "slow_reader") }
    regulate()
  }

  /// Who reads this stream, for whoever takes it away.
  var principal: Principal { request.classified.authenticated.principal }

  /// Whether the stream goes on until somebody ends it, unlike the answer of a call, which was allowed when it was made
  /// and may outlive its token.
  var isEndless: Bool { message == nil || message?.method == .subscriptionsListen }

  /// Ends the stream: the right to it is gone, a newer one takes its place, or the process stops.
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
      guard !clientIsGone else { return exchange.relayEnded(reason: "upstream_unavailable:\(reason)") }
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
    exchange.relayEnded(reason: reason)
    return true
  }

  private func settle() {
    mode = .done
    keepAlive?.cancel()
    exchange.gateway.streams.closed(self, of: request.session?.session.digest, on: client.eventLoop)
  }

  private static func head(_ status: Int, _ type: String) -> GatewayResponse.Head {
    var headers = HeaderFields()
    headers.add("content-type", type)
    headers.add("cache-control", "no-store")
    return GatewayResponse.Head(status: status, headers: headers)
  }
}
