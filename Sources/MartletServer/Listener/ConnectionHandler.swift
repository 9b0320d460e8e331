import MartletDomain
import MartletProxy
import NIOCore
import NIOHTTP1
import StrictCoding

/// Reads the requests of one connection, one at a time, and gives each to its plane: MCP routes to the gateway on this
/// event loop, everything else to the router.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Plane {
    case none
    case data(GatewayExchange)
    case control(ControlExchange)
    case refused
  }

  private let planes: Planes
  private let clock: ConnectionClock
  private let isSecure: Bool
  private var plane = Plane.none
  private var writer: ResponseWriter?
  private var requestIsComplete = false

  init(planes: Planes, clock: ConnectionClock, isSecure: Bool) {
    self.planes = planes
    self.clock = clock
    self.isSecure = isSecure
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(head, context)
    case .body(let bytes):
      switch plane {
      case .data(let exchange): exchange.receive(bytes)
      case .control(let exchange): exchange.receive(bytes)
      case .refused, .none: break
      }
    case .end:
      requestIsComplete = true
      switch plane {
      case .data(let exchange): exchange.receiveEnd()
      case .control(let exchange): exchange.receiveEnd()
      case .refused, .none: break
      }
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    clock.headArrived()
    requestIsComplete = false
    let id = planes.makeRequestID()
    let writer = ResponseWriter(context: context, request: head, requestID: id.string, isSecure: isSecure) {
      [unowned self] keepsConnection in ended(keepsConnection, context)
    }
    self.writer = writer
    if planes.isDraining { writer.closeAfterwards() }
    let peer = context.channel.remoteAddress?.ipAddress ?? "unknown"
    switch RequestAdmission(settings: planes.frontDoor()).admit(head, peer: peer, id: id) {
    case .refused(let status, let code, let description):
      plane = .refused
      planes.gateway.noteRefusal(
        path: RequestAdmission.split(head.uri).path, method: head.method.rawValue, address: peer, id: id,
        status: status, reason: code)
      writer.closeAfterwards()
      refuse(status, code, description, writer)
    case .admitted(let request):
      if planes.gateway.answers(path: request.path) {
        plane = .data(planes.gateway.begin(request, client: writer))
      } else {
        plane = .control(ControlExchange(request: request, planes: planes, writer: writer))
      }
    }
  }

  private func refuse(_ status: Int, _ code: String, _ description: String, _ writer: ResponseWriter) {
    let body = JSONWriter.write(["error": .string(code), "error_description": .string(description)])
    var headers = HeaderFields()
    headers.add("content-type", "application/json")
    headers.add("cache-control", "no-store")
    writer.send(head: GatewayResponse.Head(status: status, headers: headers), length: body.count)
    writer.send(body: ByteBuffer(bytes: body))
    writer.finish()
  }

  private func ended(_ keepsConnection: Bool, _ context: ChannelHandlerContext) {
    plane = .none
    writer = nil
    // What is left of the request can't be told from the next one once its exchange has ended.
    if keepsConnection, requestIsComplete {
      clock.exchangeEnded(context: context)
    } else {
      context.close(promise: nil)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if case .data(let exchange) = plane { exchange.writabilityChanged() }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    writer?.connectionEnded()
    switch plane {
    case .data(let exchange): exchange.disconnected()
    case .control(let exchange): exchange.disconnected()
    case .refused, .none: break
    }
    plane = .none
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    let hasBegun = writer?.hasBegun ?? false
    writer?.connectionEnded()
    if !hasBegun, let error = error as? HTTPParserError { refuseUnreadable(error, context) }
    // What isn't HTTP has no end: nothing more can be read from here.
    context.close(promise: nil)
  }

  private func refuseUnreadable(_ error: HTTPParserError, _ context: ChannelHandlerContext) {
    let request = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
    let id = planes.makeRequestID().string
    let writer = ResponseWriter(context: context, request: request, requestID: id, isSecure: isSecure) { _ in }
    writer.closeAfterwards()
    if error == .headerOverflow {
      refuse(431, "header_fields_too_large", "The header fields are more or longer than this server takes.", writer)
    } else {
      refuse(400, "invalid_request", "This is not an HTTP/1.1 request.", writer)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      if let writer { writer.closeAfterwards() } else { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }
}
