import HTTPWire
import MartletProxy
import NIOCore

/// Puts answers on the wire in as few buffers and writes as they need: a head waits for the first bytes of its body.
final class AnswerEncoder {
  /// Up to here bytes are copied behind what goes out with them: 8 KiB. Beyond it a buffer of its own costs less.
  private static let copied = 8 << 10
  private static let lastChunk = ByteBuffer(staticString: "0\r\n\r\n")
  private static let continueHead = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
  private static let lineEnd = ByteBuffer(staticString: "\r\n")

  private var writer = HeadWriter()
  private var waiting: ByteBuffer?
  private var isChunked = false
  private let flush: PendingFlush

  init(flush: PendingFlush) { self.flush = flush }

  /// The connection is about to end: what was written goes out before.
  func sendPending() { flush.sendDue() }

  /// Whether the client takes more.
  var isWritable: Bool { flush.isWritable }

  /// The connection is there.
  func start(_ context: ChannelHandlerContext) { flush.attach(to: context) }

  /// The connection is gone.
  func stop() { flush.detach() }

  /// - Returns: Whether the head is fit to be sent; if not, nothing was.
  func send(_ head: OutgoingHead, flush: Bool) -> Bool {
    // Taken out for as long as it is written to: each access to a property of a class is watched.
    var writer = HeadWriter()
    swap(&writer, &self.writer)
    defer { swap(&writer, &self.writer) }
    writer.begin(status: head.status)
    writer.add(head.fields)
    writer.add("x-request-id", head.requestID)
    writer.add("x-content-type-options", "nosniff" as StaticString)
    if head.isSecure { writer.add("strict-transport-security", "max-age=31536000" as StaticString) }
    var room = 0
    isChunked = false
    switch head.framing {
    case .length(let count):
      writer.add("content-length", count)
      room = count <= Self.copied ? count : 0
    case .chunked:
      writer.add("transfer-encoding", "chunked" as StaticString)
      isChunked = true
    case .none, .untilClose: break
    }
    if head.closes { writer.add("connection", "close" as StaticString) }
    writer.end()
    guard writer.isValid else { return false }
    var buffer = self.flush.buffer(capacity: writer.count + room)
    buffer.writeBytes(writer.bytes)
    if flush {
      // A stream may stay for long, and its head is the last that it needs.
      writer = HeadWriter()
      self.flush.write(buffer)
    } else {
      waiting = buffer
    }
    return true
  }

  func sendContinue() { flush.post(Self.continueHead) }

  func send(body: ByteBuffer) {
    guard body.readableBytes <= Self.copied else { return sendApart(body) }
    if waiting == nil, !isChunked { return flush.post(body) }
    var buffer = waiting ?? flush.buffer(capacity: body.readableBytes + 12)
    waiting = nil
    if isChunked { buffer.writeString(Self.sizeLine(body.readableBytes)) }
    buffer.writeImmutableBuffer(body)
    if isChunked { buffer.writeStaticString("\r\n") }
    flush.write(buffer)
  }

  /// Large pieces go at once: they are not to pile up.
  private func sendApart(_ body: ByteBuffer) {
    if let waiting { flush.queue(waiting) }
    waiting = nil
    if isChunked { flush.queue(ByteBuffer(string: Self.sizeLine(body.readableBytes))) }
    flush.queue(body)
    if isChunked { flush.queue(Self.lineEnd) }
    flush.send()
  }

  func finish() {
    if let waiting { flush.write(waiting) }
    waiting = nil
    if isChunked { flush.post(Self.lastChunk) }
    isChunked = false
  }

  /// At most eight digits, so that the string needs no memory of its own.
  private static func sizeLine(_ count: Int) -> String { String(count, radix: 16) + "\r\n" }
}
