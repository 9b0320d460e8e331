import HTTPWire
import MartletProxy
import NIOCore

/// Our own codec at a client's connection: bytes in, answers out. One request at a time; what is pipelined behind it
/// waits, and while something waits nothing more is read.
final class WireServerHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let handler: any RequestReceiver
  private let answers: AnswerEncoder
  private let reader = RequestReader(limits: FrontDoorLimits.heads)
  private var clock: ConnectionClock?
  private var context: ChannelHandlerContext?
  /// Nothing else runs while it is read from: so nothing has to watch.
  @exclusivity(unchecked) private var unread = ByteBuffer()
  /// Whether `unread` is the buffer that was read into, and so larger than what is in it.
  private var isBorrowed = false
  private var isAnswering = false
  private var isWorking = false
  private var isOver = false
  private var isLeaving = false
  private var owesRead = false
  let eventLoop: any EventLoop
  private(set) lazy var peer = context?.channel.remoteAddress?.ipAddress ?? "unknown"

  /// - Parameter flush: With what answers go out.
  init(handler: any RequestReceiver, eventLoop: any EventLoop, flush: PendingFlush) {
    self.handler = handler
    self.eventLoop = eventLoop
    answers = AnswerEncoder(flush: flush)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    answers.start(context)
    clock = ConnectionClock(context.channel)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    answers.stop()
  }

  func channelActive(context: ChannelHandlerContext) {
    clock?.opened()
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isOver else { return }
    let bytes = unwrapInboundIn(data)
    if unread.readableBytes == 0 {
      unread = bytes
      isBorrowed = true
    } else {
      unread.writeImmutableBuffer(bytes)
    }
    work()
  }

  /// Nobody is behind this who would want to know.
  func channelReadComplete(context: ChannelHandlerContext) {}

  func read(context: ChannelHandlerContext) {
    if isAnswering, unread.readableBytes > 0 { owesRead = true } else { context.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    handler.writabilityChanged()
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    isOver = true
    clock?.stop()
    handler.disconnected()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { cut() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { handler.quiesce(self) }
    context.fireUserInboundEventTriggered(event)
  }

  /// Takes in what is there, until more is needed or an answer has to go out first.
  private func work() {
    // An exchange that ends at once comes back here.
    guard !isWorking else { return }
    isWorking = true
    while !isOver, !isAnswering {
      guard step() else { break }
    }
    isWorking = false
    tidy()
  }

  private func step() -> Bool {
    let event: WireEvent<RequestHead>
    do throws(WireError) { event = try reader.next(unread.readableBytesUInt8Span) } catch {
      handler.unreadable(error, on: self)
      isOver = true
      return false
    }
    switch event {
    case .head(let head):
      unread.moveReaderIndex(forwardBy: head.byteCount)
      clock?.headArrived()
      handler.begin(head, on: self)
    case .data(let skipped, let count):
      unread.moveReaderIndex(forwardBy: skipped)
      if let bytes = unread.readSlice(length: count) { handler.receive(bytes) }
    case .end(let skipped):
      unread.moveReaderIndex(forwardBy: skipped)
      isAnswering = true
      handler.receiveEnd()
    case .needsMore(let skipped):
      unread.moveReaderIndex(forwardBy: skipped)
      if handler.isBusy { handler.awaitMore() } else if unread.readableBytes > 0 { clock?.headBegan() }
      return false
    }
    return true
  }

  /// Gives the buffer back that was read into; what is left is small.
  private func tidy() {
    if unread.readableBytes == 0 {
      unread = ByteBuffer()
    } else if isBorrowed {
      unread = ByteBuffer(bytes: unread.readableBytesView)
    }
    isBorrowed = false
  }
}

extension WireServerHandler: ClientConnection {
  var isWritable: Bool { answers.isWritable }

  var waitingBytes: Int { context?.channel.waitingBytes ?? 0 }

  func send(_ head: OutgoingHead, flush: Bool) -> Bool {
    context != nil && answers.send(head, flush: flush)
  }

  func sendContinue() { answers.sendContinue() }

  func send(body: ByteBuffer) { answers.send(body: body) }

  func finish(closes: Bool) {
    answers.finish()
    if closes { return close() }
    isAnswering = false
    clock?.exchangeEnded()
    if unread.readableBytes > 0 { work() }
    guard owesRead, !isAnswering || unread.readableBytes == 0 else { return }
    owesRead = false
    context?.read()
  }

  func close() {
    isOver = true
    answers.sendPending()
    guard waitingBytes > 0 else { return cut() }
    guard !isLeaving else { return }
    isLeaving = true
    clock?.exchangeEnded()
    context?.closeOnceSent()
  }

  func cut() {
    isOver = true
    answers.sendPending()
    context?.close(promise: nil)
  }
}
