import HTTPWire
import NIOCore
import NIOTLS

/// Our own codec at a connection to an upstream: a request goes out as one buffer, an answer comes in as bytes.
final class WireUpstreamHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: UpstreamConnection
  private let eventLoop: any EventLoop
  private let flush: PendingFlush
  private let reader = ResponseReader(limits: GatewayLimits.answerHeads)
  private var writer = HeadWriter()
  private var context: ChannelHandlerContext?
  /// Nothing else runs while it is read from: so nothing has to watch.
  @exclusivity(unchecked) private var unread = ByteBuffer()
  private var isWaiting = false
  private var isReady: Bool
  private var isOver = false

  /// - Parameter isReady: Whether what is written goes out; until a TLS handshake is done, nothing does.
  init(connection: UpstreamConnection, eventLoop: any EventLoop, flush: PendingFlush, isReady: Bool = true) {
    self.isReady = isReady
    self.connection = connection
    self.eventLoop = eventLoop
    self.flush = flush
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    flush.attach(to: context)
    connection.attached(to: self, on: eventLoop)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    flush.detach()
    connection.detached()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    // Nobody asked: it would be taken for the answer to whatever is asked next (V-082).
    guard isWaiting else { return refuse() }
    let bytes = unwrapInboundIn(data)
    if unread.readableBytes == 0 { unread = bytes } else { unread.writeImmutableBuffer(bytes) }
    while isWaiting, !isOver {
      guard step() else { break }
    }
    if unread.readableBytes == 0 { unread = ByteBuffer() }
    if isWaiting, !isOver { connection.awaitRest() }
  }

  /// Nobody is behind this who would want to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  private func step() -> Bool {
    let event: WireEvent<HTTPWire.ResponseHead>
    do throws(WireError) { event = try reader.next(unread.readableBytesUInt8Span) } catch {
      refuse()
      return false
    }
    switch event {
    case .head(let head):
      unread.moveReaderIndex(forwardBy: head.byteCount)
      guard !head.isInterim else { return true }
      let isReusable = head.keepsConnection && head.framing != .untilClose
      connection.readHead(status: head.status, headers: head.fields, isReusable: isReusable)
    case .data(let skipped, let count):
      unread.moveReaderIndex(forwardBy: skipped)
      if let bytes = unread.readSlice(length: count) { connection.readBody(bytes) }
    case .end(let skipped):
      unread.moveReaderIndex(forwardBy: skipped)
      isWaiting = false
      let isClean = unread.readableBytes == 0
      if isClean { unread = ByteBuffer() } else { isOver = true }
      connection.readEnd(isClean: isClean)
    case .needsMore(let skipped):
      unread.moveReaderIndex(forwardBy: skipped)
      return false
    }
    return true
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isWaiting, !isOver, reader.endsWithConnection { connection.readEnd(isClean: false) }
    isOver = true
    connection.disconnected(sentNothing: !isReady)
    context.fireChannelInactive()
  }

  /// What is wrong is the connection, not what was read.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    isOver = true
    connection.disconnected(sentNothing: !isReady)
    close()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { isReady = true }
    context.fireUserInboundEventTriggered(event)
  }

  private func refuse() {
    isOver = true
    connection.unreadable()
    close()
  }
}

extension WireUpstreamHandler: UpstreamWire {
  /// It is used only once it is connected.
  var isActive: Bool { !isOver && context != nil }

  var isQuiet: Bool { flush.isQuiet }

  func send(_ request: OutboundRequest) -> Bool {
    guard isActive else { return false }
    // Taken out for as long as it is written to: each access to a property of a class is watched.
    var writer = HeadWriter()
    swap(&writer, &self.writer)
    defer { swap(&writer, &self.writer) }
    let (endpoint, body) = (request.endpoint, request.body)
    if request.method == .post, let head = endpoint.messageHead {
      writer.begin(with: head)
    } else {
      writer.begin(method: request.method.rawValue, target: endpoint.target)
      writer.add("host", endpoint.authority)
      request.method.writeFields(to: &writer)
    }
    request.writeOwnFields(to: &writer)
    if request.method == .post { writer.add("content-length", body.count) }
    writer.end()
    guard writer.isValid else { return false }
    var buffer = flush.buffer(capacity: writer.count + body.count)
    buffer.writeBytes(writer.bytes)
    buffer.writeBytes(body)
    isWaiting = true
    flush.write(buffer)
    return true
  }

  func setReading(_ reading: Bool) {
    try? context?.channel.syncOptions?.setOption(.autoRead, value: reading)
    if reading { context?.read() }
  }

  func streamBegan() { writer = HeadWriter() }

  func close() {
    isOver = true
    flush.detach()
    context?.close(promise: nil)
  }
}
