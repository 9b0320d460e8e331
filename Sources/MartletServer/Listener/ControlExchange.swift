import MartletDomain
import MartletProxy
import NIOCore
import NIOHTTP1
import StrictCoding

/// One exchange with our own endpoints: the body is read whole, the router answers. Used on its event loop only.
final class ControlExchange {
  private let request: IncomingRequest
  private let planes: Planes
  private let writer: ResponseWriter
  private var body: [UInt8] = []
  /// Whether nothing more of the request is read.
  private(set) var isOver = false
  private var deadline: Scheduled<Void>?

  /// - Parameter length: How long the body will be, where that was said.
  init(request: IncomingRequest, length: Int, planes: Planes, writer: ResponseWriter) {
    self.request = request
    self.planes = planes
    self.writer = writer
    deadline = writer.eventLoop.assumeIsolated().scheduleTask(in: FrontDoorLimits.controlBodyTime) { [weak self] in
      self?.refuse(408, "request_timeout", "The request stopped arriving.")
    }
    if length > FrontDoorLimits.controlBody { refuseLength() }
  }

  func receive(_ bytes: ByteBuffer) {
    guard !isOver else { return }
    guard body.count + bytes.readableBytes <= FrontDoorLimits.controlBody else {
      return refuseLength()
    }
    body.append(contentsOf: bytes.readableBytesView)
  }

  func receiveEnd() {
    if !isOver { ask() }
  }

  /// - Parameter refusal: What is answered instead of what the endpoint would.
  private func ask(refusal: EndpointResponse? = nil) {
    deadline?.cancel()
    isOver = true
    let endpointRequest = EndpointRequest(
      method: request.method, path: request.path, query: Array(request.query.utf8), headers: request.headers.fields,
      body: body, address: request.address, id: request.id)
    let control = planes.control
    writer.eventLoop.makeFutureWithTask { await control.answer(endpointRequest, refusal: refusal) }
      .assumeIsolated()
      .whenSuccess { [self] response in send(response) }
  }

  func disconnected() {
    deadline?.cancel()
    isOver = true
  }

  private func refuseLength() {
    refuse(413, "request_too_large", "The body is larger than \(FrontDoorLimits.controlBody) bytes.")
  }

  private func refuse(_ status: Int, _ code: String, _ description: String) {
    guard !isOver else { return }
    writer.closeAfterwards()
    let json = JSONWriter.write(["error": .string(code), "error_description": .string(description)])
    ask(refusal: .json(status, json))
  }

  private func send(_ response: RenderedResponse) {
    let head = GatewayResponse.Head(status: response.status, headers: HeaderFields(lowercased: response.headers))
    writer.send(head: head, length: response.body.count)
    if !response.body.isEmpty { writer.send(body: ByteBuffer(bytes: response.body)) }
    writer.finish()
  }
}

/// An answer of the control plane, ready for the wire.
struct RenderedResponse: Sendable {
  var status: Int
  var headers: [(name: String, value: String)]
  var body: [UInt8]
}
