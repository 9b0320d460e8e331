import MartletProxy
import NIOCore
import NIOHTTP1

/// Writes one answer to a connection. After its end, or the connection's, it writes nothing.
final class ResponseWriter: ClientStream {
  private let context: ChannelHandlerContext
  private let request: HTTPRequestHead
  private let requestID: String
  private let isSecure: Bool
  private let onEnd: (_ keepsConnection: Bool) -> Void
  /// Whether the head is out.
  private(set) var hasBegun = false
  private var hasEnded = false
  private var keepsConnection: Bool

  init(
    context: ChannelHandlerContext, request: HTTPRequestHead, requestID: String, isSecure: Bool,
    onEnd: @escaping (_ keepsConnection: Bool) -> Void
  ) {
    self.context = context
    self.request = request
    self.requestID = requestID
    self.isSecure = isSecure
    self.onEnd = onEnd
    keepsConnection = request.isKeepAlive
  }

  var eventLoop: any EventLoop { context.eventLoop }

  var isWritable: Bool { context.channel.isWritable }

  var waitingBytes: Int {
    (try? context.channel.syncOptions?.getOption(ChannelOptions.bufferedWritableBytes)) ?? 0
  }

  /// The process is stopping: this answer is the connection's last.
  func closeAfterwards() { keepsConnection = false }

  func send(head: GatewayResponse.Head, length: Int?) {
    guard !hasEnded else { return }
    // Two heads can't be told apart from two answers; better none.
    guard !hasBegun else { return abort() }
    hasBegun = true
    var headers = HTTPHeaders()
    for (name, value) in head.headers.fields { headers.add(name: name, value: value) }
    headers.add(name: "x-request-id", value: requestID)
    headers.add(name: "x-content-type-options", value: "nosniff")
    if isSecure { headers.add(name: "strict-transport-security", value: "max-age=31536000") }
    if let length {
      if head.status != 204 { headers.add(name: "content-length", value: String(length)) }
    } else if request.version.isBeforeHTTP11 {
      keepsConnection = false
    } else {
      headers.add(name: "transfer-encoding", value: "chunked")
    }
    if !keepsConnection { headers.add(name: "connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: head.status)
    write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)), flush: length == nil)
  }

  func send(body: ByteBuffer) {
    guard !hasEnded, request.method != .HEAD else { return }
    write(.body(.byteBuffer(body)), flush: true)
  }

  func finish() {
    guard !hasEnded else { return }
    guard hasBegun else { return abort() }
    hasEnded = true
    write(.end(nil), flush: true)
    onEnd(keepsConnection)
  }

  func abort() {
    hasEnded = true
    context.close(promise: nil)
  }

  /// The connection is gone.
  func connectionEnded() { hasEnded = true }

  private func write(_ part: HTTPServerResponsePart, flush: Bool) {
    let data = NIOAny(part)
    if flush { context.writeAndFlush(data, promise: nil) } else { context.write(data, promise: nil) }
  }
}
