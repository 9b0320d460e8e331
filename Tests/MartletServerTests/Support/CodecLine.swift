import Foundation
import HTTPWire
import MartletProxy
import NIOCore
import NIOEmbedded
import NIOExtras

@testable import MartletServer

/// A connection with one of the codecs, and a receiver that writes down what it is told.
final class CodecLine {
  let channel: EmbeddedChannel
  let receiver = RecordingReceiver()
  private let watch = ReadWatch()
  private var written = ""

  init(_ codec: HTTPCodec) throws {
    channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(watch)
    switch codec {
    case .martlet:
      try channel.pipeline.syncOperations.addHandler(
        WireServerHandler(
          handler: receiver, eventLoop: channel.eventLoop, flush: PendingFlush(batch: nil, isPlain: false)))
    case .nio: try NIOServerHandler.add(to: channel, handler: receiver)
    }
    try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
  }

  /// All that went out.
  var received: String {
    while let buffer = try? channel.readOutbound(as: ByteBuffer.self) { written += String(buffer: buffer) }
    return written
  }

  var isOpen: Bool { channel.isActive }

  /// Whether another read would go through.
  var reads: Bool {
    watch.count = 0
    channel.pipeline.read()
    return watch.count > 0
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

  func quiesce() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

  func advance(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }
}

/// Counts the reads that reach the socket.
private final class ReadWatch: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  var count = 0

  func read(context: ChannelHandlerContext) {
    count += 1
    context.read()
  }
}

/// Answers when it is told to, through the real writer.
final class RecordingReceiver: RequestReceiver {
  private(set) var events: [String] = []
  private(set) var errors = 0
  private(set) var isGone = false
  private var writer: ResponseWriter?
  private var isComplete = false

  var isBusy: Bool { writer != nil }

  /// The events with the pieces of bodies put together.
  var transcript: String { events.joined() }

  func begin(_ head: RequestHead, on connection: any ClientConnection) {
    events.append("\(head.method) \(String(decoding: head.target, as: UTF8.self))")
    isComplete = false
    writer = ResponseWriter(connection: connection, request: head, requestID: "id", isSecure: false, handler: self)
  }

  func awaitMore() {}

  func ended(keepsConnection: Bool) -> Bool {
    writer = nil
    return keepsConnection && isComplete
  }

  func receive(_ bytes: ByteBuffer) { events.append(String(buffer: bytes)) }

  func receiveEnd() {
    isComplete = true
    events.append("end")
  }

  func wantBody() { writer?.wantBody() }

  func answer(
    _ body: String, length: Int?? = nil, status: Int = 200, headers: HeaderFields = HeaderFields()
  ) {
    guard let writer else { return }
    writer.send(head: GatewayResponse.Head(status: status, headers: headers), length: length ?? body.utf8.count)
    writer.send(body: ByteBuffer(string: body))
    writer.finish()
  }

  /// All of an answer but its end.
  func answerHead(_ status: Int) {
    writer?.send(head: GatewayResponse.Head(status: status), length: 2)
    writer?.send(body: ByteBuffer(string: "no"))
  }

  func unreadable(_ error: WireError, on connection: any ClientConnection) {
    errors += 1
    let hasBegun = writer?.hasBegun ?? false
    writer?.connectionEnded()
    guard !hasBegun else { return connection.close() }
    let status = error == .fieldsTooLarge ? 431 : 400
    let refusal = ResponseWriter(
      connection: connection, request: nil, requestID: "id", isSecure: false, handler: nil)
    refusal.send(head: GatewayResponse.Head(status: status), length: 0)
    refusal.finish()
    connection.close()
  }

  func writabilityChanged() {}

  func quiesce(_ connection: any ClientConnection) {
    if let writer { writer.closeAfterwards() } else { connection.close() }
  }

  func disconnected() {
    isGone = true
    writer?.connectionEnded()
    writer = nil
  }
}
