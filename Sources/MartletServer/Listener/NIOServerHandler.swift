import HTTPWire
import MartletProxy
import NIOCore
import NIOHTTP1
import StrictCoding

/// NIOHTTP1's codec at a client's connection: what `http_codec: nio` falls back on.
final class NIOServerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let handler: any RequestReceiver
  private let clock: ConnectionClock
  private let bytes: BytesWatch
  private var context: ChannelHandlerContext?
  /// Whether the connection is gone. A body that was cut short is reported as an error after that.
  private var isOver = false
  let eventLoop: any EventLoop
  private(set) lazy var peer = context?.channel.remoteAddress?.ipAddress ?? "unknown"

  private init(handler: any RequestReceiver, clock: ConnectionClock, bytes: BytesWatch, eventLoop: any EventLoop) {
    self.handler = handler
    self.clock = clock
    self.bytes = bytes
    self.eventLoop = eventLoop
  }

  /// Adds the codec to a connection.
  static func add(to channel: any Channel, handler: any RequestReceiver) throws {
    let pipeline = channel.pipeline.syncOperations
    let clock = ConnectionClock(channel)
    let bytes = BytesWatch(clock)
    try pipeline.addHandler(bytes)
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = FrontDoorLimits.heads.fieldBytes
    limits.maxHeaderListSize = FrontDoorLimits.heads.totalBytes
    limits.maxHeaderFieldCount = FrontDoorLimits.heads.fields
    var encoding = HTTPResponseEncoder.Configuration()
    encoding.automaticallySetFramingHeaders = false
    try pipeline.configureHTTPServerPipeline(
      withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: true,
      withEncoderConfiguration: encoding, withDecoderLimitConfiguration: limits)
    try pipeline.addHandler(
      NIOServerHandler(handler: handler, clock: clock, bytes: bytes, eventLoop: channel.eventLoop))
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    bytes.onQuiesce = { [weak self] in self.map { $0.handler.quiesce($0) } }
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      clock.headArrived()
      do throws(WireError) { handler.begin(try RequestHead(head), on: self) } catch {
        handler.unreadable(error, on: self)
      }
    case .body(let bytes): handler.receive(bytes)
    case .end: handler.receiveEnd()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    handler.awaitMore()
    context.fireChannelReadComplete()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    handler.writabilityChanged()
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOver = true
    clock.stop()
    handler.disconnected()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isOver, let error = error as? HTTPParserError else { return cut() }
    handler.unreadable(error == .headerOverflow ? .fieldsTooLarge : .requestLine, on: self)
  }
}

extension NIOServerHandler: ClientConnection {
  var isWritable: Bool { context?.channel.isWritable ?? false }

  var waitingBytes: Int { context?.channel.waitingBytes ?? 0 }

  func send(_ head: OutgoingHead, flush: Bool) -> Bool {
    guard head.fields.isSendable else { return false }
    var headers = HTTPHeaders()
    for (name, value) in head.fields.fields { headers.add(name: name, value: value) }
    headers.add(name: "x-request-id", value: head.requestID)
    headers.add(name: "x-content-type-options", value: "nosniff")
    if head.isSecure { headers.add(name: "strict-transport-security", value: "max-age=31536000") }
    switch head.framing {
    case .length(let count): headers.add(name: "content-length", value: String(count))
    case .chunked: headers.add(name: "transfer-encoding", value: "chunked")
    case .none, .untilClose: break
    }
    if head.closes { headers.add(name: "connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: head.status)
    write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)), flush: flush)
    return true
  }

  func sendContinue() { write(.head(HTTPResponseHead(version: .http1_1, status: .continue)), flush: true) }

  func send(body: ByteBuffer) { write(.body(.byteBuffer(body)), flush: true) }

  func finish(closes: Bool) {
    // The next request, if it is there already, begins inside the write.
    clock.exchangeEnded()
    write(.end(nil), flush: true)
    if closes { close() }
  }

  func close() {
    if waitingBytes > 0 { bytes.closeOnceSent() } else { cut() }
  }

  func cut() { context?.close(promise: nil) }

  private func write(_ part: HTTPServerResponsePart, flush: Bool) {
    let data = NIOAny(part)
    if flush { context?.writeAndFlush(data, promise: nil) } else { context?.write(data, promise: nil) }
  }
}

/// Sits below NIOHTTP1's codec, where the first byte of a request can be seen, and the last of an answer.
private final class BytesWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let clock: ConnectionClock
  private var context: ChannelHandlerContext?
  var onQuiesce: (() -> Void)?

  init(_ clock: ConnectionClock) { self.clock = clock }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func closeOnceSent() { context?.closeOnceSent() }

  /// Told past the codec, which would close at once where it waits for a request, with what a slow reader hasn't taken.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { onQuiesce?() } else { context.fireUserInboundEventTriggered(event) }
  }

  func channelActive(context: ChannelHandlerContext) {
    clock.opened()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    clock.headBegan()
    context.fireChannelRead(data)
  }
}

extension RequestHead {
  /// - Throws: `WireError.framing`, where that is stricter than NIOHTTP1.
  fileprivate convenience init(_ head: HTTPRequestHead) throws(WireError) {
    var fields = HeaderFields()
    for (name, value) in head.headers where FieldName.counts(name.utf8) {
      fields.add(ASCIICase.lowercased(name), Self.trimmed(value))
    }
    let isBeforeHTTP11 = head.version.major < 1 || (head.version.major == 1 && head.version.minor < 1)
    try self.init(method: head.method.rawValue, target: head.uri, isBeforeHTTP11: isBeforeHTTP11, fields: fields)
  }

  /// Without the white space after it, which belongs to the message, not to the value (RFC 9110 §5.5); the codec keeps
  /// it.
  private static func trimmed(_ value: String) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard let last = value.utf8.last, isSpace(last) else { return value }
    var rest = value.utf8[...]
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return String(decoding: Array(rest), as: UTF8.self)
  }
}
