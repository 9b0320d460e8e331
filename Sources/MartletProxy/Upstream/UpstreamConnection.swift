import NIOCore
import NIOHTTP1
import StrictCoding

/// One HTTP/1.1 connection to an upstream: one request at a time, no pipelining (V-082).
final class UpstreamConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private enum State {
    case idle
    case waitingForHead
    case readingBody(isReusable: Bool)
    case closed
  }

  private var state = State.idle
  private var receiver: (any UpstreamReceiver)?
  private var context: ChannelHandlerContext?
  private var deadline: Scheduled<Void>?
  private var isStream = false
  private let onIdle: (UpstreamConnection) -> Void

  /// - Parameter onIdle: Called when the connection can take another request.
  init(onIdle: @escaping (UpstreamConnection) -> Void) { self.onIdle = onIdle }

  var isUsable: Bool {
    if case .idle = state { context?.channel.isActive ?? false } else { false }
  }

  func close() { context?.close(promise: nil) }

  func setReading(_ reading: Bool) {
    try? context?.channel.syncOptions?.setOption(.autoRead, value: reading)
    if reading { context?.read() }
  }

  /// Sends a request; the answer goes to the receiver.
  func send(_ request: OutboundRequest, to receiver: any UpstreamReceiver) {
    guard let context, isUsable else { return receiver.upstreamFailed(.unreachable) }
    self.receiver = receiver
    state = .waitingForHead
    var headers = HTTPHeaders()
    headers.add(name: "host", value: request.url.origin.authority)
    for (name, value) in request.headers { headers.add(name: name, value: value) }
    if request.method == .post { headers.add(name: "content-length", value: String(request.body.count)) }
    let method: HTTPMethod =
      switch request.method {
      case .post: .POST
      case .get: .GET
      case .delete: .DELETE
      }
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: request.url.requestTarget, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !request.body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    arm(GatewayLimits.firstByte)
  }

  /// Forgets the receiver and closes: how a request is cancelled.
  func abandon() {
    receiver = nil
    close()
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): readHead(head)
    case .body(let bytes): readBody(bytes)
    case .end: readEnd()
    }
  }

  private func readHead(_ head: HTTPResponseHead) {
    guard case .waitingForHead = state else { return fail(.malformed) }
    if head.status.code < 200 { return }
    let headers = HeaderFields(lowercased: head.headers.map { (ASCIICase.lowercased($0.name), $0.value) })
    isStream = MediaType.isEventStream(headers.first("content-type"))
    state = .readingBody(isReusable: head.isKeepAlive)
    rearm()
    receiver?.upstreamAnswered(status: Int(head.status.code), headers: headers)
  }

  private func readBody(_ bytes: ByteBuffer) {
    guard case .readingBody = state else { return fail(.malformed) }
    rearm()
    receiver?.upstreamSent(bytes)
  }

  private func readEnd() {
    guard case .readingBody(let isReusable) = state else { return fail(.malformed) }
    deadline?.cancel()
    let receiver = self.receiver
    self.receiver = nil
    if isReusable {
      state = .idle
      setReading(true)
      onIdle(self)
    } else {
      state = .closed
      close()
    }
    receiver?.upstreamFinished()
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(.disconnected)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.malformed) }

  private func fail(_ failure: UpstreamFailure) {
    deadline?.cancel()
    if case .closed = state { return }
    state = .closed
    let receiver = self.receiver
    self.receiver = nil
    close()
    receiver?.upstreamFailed(failure)
  }

  /// A stream may be silent for as long as it likes; everything else must go on.
  private func rearm() {
    if isStream { deadline?.cancel() } else { arm(GatewayLimits.answerStall) }
  }

  private func arm(_ limit: TimeAmount) {
    deadline?.cancel()
    deadline = context?.eventLoop.assumeIsolated().scheduleTask(in: limit) { [weak self] in self?.fail(.timeout) }
  }
}
