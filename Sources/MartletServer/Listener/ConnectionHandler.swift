import HTTPWire
import MartletDomain
import MartletProxy
import NIOCore
import StrictCoding

/// Takes the requests of one connection, one at a time, and gives each to its plane: MCP routes to the gateway on this
/// event loop, everything else to the router. Which codec reads them makes no difference.
final class ConnectionHandler: RequestReceiver {
  private enum Plane {
    case none
    case data(GatewayExchange)
    case control(ControlExchange)
    case refused
  }

  private let planes: Planes
  private let isSecure: Bool
  private var plane = Plane.none
  private var writer: ResponseWriter?
  private var requestIsComplete = false
  /// The connection, once it was told to stop.
  private var quiescing: (any ClientConnection)?

  init(planes: Planes, isSecure: Bool) {
    self.planes = planes
    self.isSecure = isSecure
  }

  var isBusy: Bool { writer != nil }

  // MARK: - What the codec read

  func begin(_ head: RequestHead, on connection: any ClientConnection) {
    requestIsComplete = false
    let id = planes.makeRequestID()
    let writer = ResponseWriter(
      connection: connection, request: head, requestID: id.string, isSecure: isSecure, handler: self)
    self.writer = writer
    if planes.isDraining { writer.closeAfterwards() }
    let admission = RequestAdmission(settings: planes.frontDoor())
    switch admission.admit(head, peer: connection.peer, id: id) {
    case .refused(let status, let code, let description):
      plane = .refused
      planes.gateway.noteRefusal(
        path: String(decoding: RequestTarget(head.target).path, as: UTF8.self), method: head.method,
        address: connection.peer, id: id, status: status, reason: code)
      writer.closeAfterwards()
      refuse(status, code, description, writer)
    case .admitted(let request):
      if let exchange = planes.gateway.begin(request, client: writer) {
        plane = .data(exchange)
      } else {
        let exchange = ControlExchange(request: request, length: length(of: head), planes: planes, writer: writer)
        plane = .control(exchange)
        // Its length was said, and refused.
        if exchange.isOver { return }
      }
      writer.wantBody()
    }
  }

  func receive(_ bytes: ByteBuffer) {
    switch plane {
    case .data(let exchange): exchange.receive(bytes)
    case .control(let exchange): exchange.receive(bytes)
    case .refused, .none: break
    }
  }

  func receiveEnd() {
    requestIsComplete = true
    switch plane {
    case .data(let exchange): exchange.receiveEnd()
    case .control(let exchange): exchange.receiveEnd()
    case .refused, .none: break
    }
  }

  func awaitMore() {
    if case .data(let exchange) = plane { exchange.awaitBody() }
  }

  func unreadable(_ error: WireError, on connection: any ClientConnection) {
    let hasBegun = writer?.hasBegun ?? false
    writer?.connectionEnded()
    if !hasBegun { refuseUnreadable(error, connection) }
    connection.close()
  }

  func writabilityChanged() {
    if case .data(let exchange) = plane { exchange.writabilityChanged() }
  }

  func quiesce(_ connection: any ClientConnection) {
    quiescing = connection
    guard let writer else { return awaitLastRequest(on: connection) }
    // A head that is out has promised the client that it may send another request.
    if !writer.hasBegun { writer.closeAfterwards() }
  }

  func disconnected() {
    writer?.connectionEnded()
    writer = nil
    quiescing = nil
    let plane = self.plane
    self.plane = .none
    switch plane {
    case .data(let exchange): exchange.disconnected()
    case .control(let exchange): exchange.disconnected()
    case .refused, .none: break
    }
  }

  // MARK: - Answers

  func ended(keepsConnection: Bool) -> Bool {
    plane = .none
    writer = nil
    // What is left of the request can't be told from the next one once its exchange has ended.
    let keeps = keepsConnection && requestIsComplete
    if keeps, let quiescing { awaitLastRequest(on: quiescing) }
    return keeps
  }

  private func awaitLastRequest(on connection: any ClientConnection) {
    connection.eventLoop.assumeIsolated().scheduleTask(in: FrontDoorLimits.lastRequest) {
      if !self.isBusy { connection.close() }
    }
  }

  private func length(of head: RequestHead) -> Int {
    if case .length(let length) = head.framing { length } else { 0 }
  }

  private func refuse(_ status: Int, _ code: String, _ description: String, _ writer: ResponseWriter) {
    let body = JSONWriter.write(["error": .string(code), "error_description": .string(description)])
    var headers = HeaderFields()
    headers.add("content-type", "application/json")
    headers.add("cache-control", "no-store")
    // RFC 9110 §15.5.6 wants it; which of these a path has, its own 405 says.
    if status == 405 { headers.add("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") }
    // A page can bring these about. Whose it is, and what for, isn't known; what is said is the same for everybody.
    if status == 414 || status == 431 { headers.add("access-control-allow-origin", "*") }
    writer.send(head: GatewayResponse.Head(status: status, headers: headers), length: body.count)
    writer.send(body: ByteBuffer(bytes: body))
    writer.finish()
  }

  private func refuseUnreadable(_ error: WireError, _ connection: any ClientConnection) {
    let id = planes.makeRequestID()
    let writer = ResponseWriter(
      connection: connection, request: nil, requestID: id.string, isSecure: isSecure, handler: nil)
    let (status, code, description) = Self.refusal(of: error)
    // An exchange that has begun leaves its own record.
    if case .none = plane { planes.noteUnreadable(address: connection.peer, id: id, status: status, error: error) }
    refuse(status, code, description, writer)
  }

  private static func refusal(of error: WireError) -> (status: Int, code: String, description: String) {
    switch error {
    case .fieldsTooLarge:
      (431, "header_fields_too_large", "The header fields are more or longer than this server takes.")
    case .targetTooLong:
      (414, "uri_too_long", "The request target is longer than \(FrontDoorLimits.targetBytes) bytes.")
    default: (400, "invalid_request", "This is not an HTTP/1.1 request.")
    }
  }
}
