import NIOCore
import NIOHTTP1
import NIOTLS
import StrictCoding

/// NIOHTTP1's codec at a connection to an upstream: what `http_codec: nio` falls back on.
final class NIOUpstreamHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let connection: UpstreamConnection
  private let eventLoop: any EventLoop
  private var context: ChannelHandlerContext?
  /// Whether what is written goes out; until a TLS handshake is done, nothing does.
  private var isReady: Bool

  private init(connection: UpstreamConnection, eventLoop: any EventLoop, isReady: Bool) {
    self.connection = connection
    self.eventLoop = eventLoop
    self.isReady = isReady
  }

  /// Adds the codec to a connection.
  static func add(to channel: any Channel, connection: UpstreamConnection, isReady: Bool = true) throws {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes, enableOutboundHeaderValidation: true)
    try pipeline.addHandler(NIOUpstreamHandler(connection: connection, eventLoop: channel.eventLoop, isReady: isReady))
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    connection.attached(to: self, on: eventLoop)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    connection.detached()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      if head.status.code < 200 { return }
      let headers = HeaderFields(lowercased: head.headers.map { (ASCIICase.lowercased($0.name), $0.value) })
      connection.readHead(status: Int(head.status.code), headers: headers, isReusable: head.isKeepAlive)
    case .body(let bytes): connection.readBody(bytes)
    case .end: connection.readEnd(isClean: true)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    connection.awaitRest()
    context.fireChannelReadComplete()
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.disconnected(sentNothing: !isReady)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { isReady = true }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is HTTPParserError { connection.unreadable() } else { connection.disconnected(sentNothing: !isReady) }
    close()
  }
}

extension NIOUpstreamHandler: UpstreamWire {
  var isActive: Bool { context?.channel.isActive ?? false }

  var isQuiet: Bool { context.flatMap { PlainSocket(beneath: $0) }?.isQuiet ?? false }

  func send(_ request: OutboundRequest) -> Bool {
    guard let context else { return false }
    let fields = request.headers
    guard HeaderFields(lowercased: fields).isSendable else { return false }
    var headers = HTTPHeaders()
    headers.add(name: "host", value: request.endpoint.authority)
    for (name, value) in fields { headers.add(name: name, value: value) }
    if request.method == .post { headers.add(name: "content-length", value: String(request.body.count)) }
    let method: HTTPMethod =
      switch request.method {
      case .post: .POST
      case .get: .GET
      case .delete: .DELETE
      }
    let head = HTTPRequestHead(version: .http1_1, method: method, uri: request.endpoint.target, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !request.body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    return true
  }

  func setReading(_ reading: Bool) {
    try? context?.channel.syncOptions?.setOption(.autoRead, value: reading)
    if reading { context?.read() }
  }

  func close() { context?.close(promise: nil) }
}
