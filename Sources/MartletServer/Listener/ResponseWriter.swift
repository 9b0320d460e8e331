import HTTPWire
import MartletProxy
import NIOCore

/// Writes one answer to a connection. After its end, or the connection's, it writes nothing.
final class ResponseWriter: ClientStream {
  let eventLoop: any EventLoop
  private let connection: any ClientConnection
  private let handler: (any RequestReceiver)?
  private let requestID: String
  private let isSecure: Bool
  private let isHead: Bool
  private let takesChunks: Bool
  /// Whether the head is out.
  private(set) var hasBegun = false
  private var hasEnded = false
  private var keepsConnection: Bool
  /// Whether the client waits for a word before it sends the body.
  private var owesContinue: Bool
  /// What is left of the body that the head promised.
  private var owed: Int?

  /// - Parameters:
  ///   - request: What is answered; `nil` for what could not be read.
  ///   - handler: Who is told of the end.
  init(
    connection: any ClientConnection, request: RequestHead?, requestID: String, isSecure: Bool,
    handler: (any RequestReceiver)?
  ) {
    self.connection = connection
    self.handler = handler
    self.requestID = requestID
    self.isSecure = isSecure
    eventLoop = connection.eventLoop
    isHead = request?.method == "HEAD"
    takesChunks = !(request?.isBeforeHTTP11 ?? false)
    keepsConnection = request?.keepsConnection ?? false
    owesContinue = request?.expectsContinue ?? false
  }

  var isWritable: Bool { connection.isWritable }

  var waitingBytes: Int { connection.waitingBytes }

  /// The process is stopping: this answer is the connection's last.
  func closeAfterwards() { keepsConnection = false }

  /// The body will be read: a client that waits with it is told to go on. Does nothing once an answer has begun.
  func wantBody() {
    guard owesContinue, !hasBegun, !hasEnded else { return }
    owesContinue = false
    connection.sendContinue()
  }

  func send(head: GatewayResponse.Head, length: Int?) {
    guard !hasEnded else { return }
    // Two heads can't be told apart from two answers; better none.
    guard !hasBegun else { return abort() }
    hasBegun = true
    let framing = framing(status: head.status, length: length)
    if case .untilClose = framing { keepsConnection = false }
    // Whether the body still comes is the client's choice now, so what follows could be either.
    if owesContinue { keepsConnection = false }
    if case .length(let count) = framing { owed = count }
    let head = OutgoingHead(
      status: head.status, fields: head.headers, requestID: requestID, isSecure: isSecure, framing: framing,
      closes: !keepsConnection)
    if !connection.send(head, flush: length == nil) { abort() }
  }

  private func framing(status: Int, length: Int?) -> BodyFraming {
    if status == 204 || status == 304 { return .none }
    if let length { return .length(length) }
    return takesChunks ? .chunked : .untilClose
  }

  func send(body: ByteBuffer) {
    guard !hasEnded, !isHead, body.readableBytes > 0 else { return }
    if let owed {
      // More than was promised would be the beginning of the next answer.
      guard body.readableBytes <= owed else { return abort() }
      self.owed = owed - body.readableBytes
    }
    connection.send(body: body)
  }

  func finish() {
    guard !hasEnded else { return }
    guard hasBegun, isHead || owed ?? 0 == 0 else { return abort() }
    hasEnded = true
    // What follows may be the next request, so the handler is done with this one first.
    let stays = handler?.ended(keepsConnection: keepsConnection) ?? false
    connection.finish(closes: !stays)
  }

  func abort() {
    hasEnded = true
    connection.cut()
  }

  /// The connection is gone.
  func connectionEnded() { hasEnded = true }
}
