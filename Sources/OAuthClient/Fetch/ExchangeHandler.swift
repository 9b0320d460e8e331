import NIOCore
import NIOHTTP1
import NIOSSL
import StrictCoding

/// Sends one request when the connection is usable and collects one answer, counting bytes while they arrive.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let request: ConnectionRequest
  private let answer: EventLoopPromise<FetchedDocument>
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  init(request: ConnectionRequest, answer: EventLoopPromise<FetchedDocument>) {
    self.request = request
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    var headers = HTTPHeaders()
    headers.add(name: "host", value: request.hostHeader)
    headers.add(name: "connection", value: "close")
    headers.add(name: "accept-encoding", value: "identity")
    for (name, value) in request.headers { headers.add(name: name, value: value) }
    if request.method != "GET" { headers.add(name: "content-length", value: String(request.body.count)) }
    let head = HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.target, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !request.body.isEmpty {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): receive(head, context: context)
    case .body(let part): receive(part, context: context)
    case .end: finish()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    finish(error: Self.fetchError(error), context: context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish(error: .connectionFailed("closed before the answer was complete"), context: context)
    context.fireChannelInactive()
  }

  private func receive(_ head: HTTPResponseHead, context: ChannelHandlerContext) {
    let codings = head.headers[canonicalForm: "content-encoding"]
    if codings.contains(where: { ASCIICase.lowercased($0.utf8) != Array("identity".utf8) }) {
      return finish(error: .malformedResponse("content coding"), context: context)
    }
    if let length = head.headers.first(name: "content-length"), (ASCII.decimal(length.utf8) ?? .max) > request.maxBytes
    {
      return finish(error: .tooLarge(limit: request.maxBytes), context: context)
    }
    self.head = head
  }

  private func receive(_ part: ByteBuffer, context: ChannelHandlerContext) {
    guard body.count + part.readableBytes <= request.maxBytes else {
      return finish(error: .tooLarge(limit: request.maxBytes), context: context)
    }
    body.append(contentsOf: part.readableBytesView)
  }

  private func finish() {
    guard let head else { return }
    answer.succeed(
      FetchedDocument(
        status: Int(head.status.code), headers: head.headers.map { (name: $0.name, value: $0.value) }, body: body))
  }

  private func finish(error: FetchError, context: ChannelHandlerContext) {
    answer.fail(ExchangeError.failed(error))
    context.close(promise: nil)
  }

  private static func fetchError(_ error: any Error) -> FetchError {
    switch error {
    case let error as FetchError: error
    case is HTTPParserError: .malformedResponse("http")
    case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: .tlsFailed("handshake")
    default: .connectionFailed("connection broke")
    }
  }
}
