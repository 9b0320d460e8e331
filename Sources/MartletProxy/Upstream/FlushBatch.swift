import NIOCore
import NIOPosix

/// What was written on one event loop and waits to be sent. It goes out once everything that woke the loop has been looked
/// at: whoever reads it is woken once for many calls, which costs more than all else that the kernel does for them. Used on
/// its event loop only.
public final class FlushBatch: @unchecked Sendable {  // Each thread finds its own batch and never another's.
  private static let ofThread = ThreadSpecificVariable<FlushBatch>()

  /// Memory of messages, to be written to again: to get it anew for each is dear.
  private struct Memory {
    /// The largest buffer that is kept, and how many are: 4 KiB, 64.
    static let (largest, most) = (4 << 10, 64)

    /// What was written since the last round, and what may be written to.
    private var written: [ByteBuffer] = []
    private var spare: [ByteBuffer] = []

    mutating func take(_ capacity: Int) -> ByteBuffer? {
      guard capacity <= Self.largest, var buffer = spare.popLast() else { return nil }
      // One that still waits for a slow reader is left to it: then this is a new one.
      buffer.clear(minimumCapacity: capacity)
      return buffer
    }

    mutating func keep(_ buffer: ByteBuffer) {
      if buffer.capacity <= Self.largest, written.count < Self.most { written.append(buffer) }
    }

    /// What was written has gone out, or nearly all.
    mutating func turn() {
      if spare.isEmpty { swap(&spare, &written) }
      while let buffer = written.popLast() {
        if spare.count < Self.most { spare.append(buffer) }
      }
    }
  }

  private let eventLoop: any EventLoop
  private var waiting: [PendingFlush] = []
  private var memory = Memory()

  private init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// The batch of an event loop. Call it on that event loop.
  public static func of(_ eventLoop: any EventLoop) -> FlushBatch {
    if let known = ofThread.currentValue, known.eventLoop === eventLoop { return known }
    let batch = FlushBatch(eventLoop: eventLoop)
    ofThread.currentValue = batch
    return batch
  }

  fileprivate func add(_ flush: PendingFlush) {
    waiting.append(flush)
    if waiting.count == 1 { eventLoop.assumeIsolated().execute { self.send() } }
  }

  private func send() {
    // Sending may make a connection write again: that goes into the next round.
    let due = waiting
    waiting.removeAll(keepingCapacity: true)
    for flush in due { flush.send() }
    memory.turn()
  }

  fileprivate func buffer(_ capacity: Int) -> ByteBuffer? { memory.take(capacity) }

  fileprivate func keep(_ buffer: ByteBuffer) { memory.keep(buffer) }
}

/// What one connection has written and not sent. Used on its event loop only.
public final class PendingFlush {
  private let batch: FlushBatch?
  private var context: ChannelHandlerContext?

  /// - Parameter batch: With which it goes out; `nil` for at once.
  public init(batch: FlushBatch?) { self.batch = batch }

  /// A buffer to write to.
  public func buffer(capacity: Int, for context: ChannelHandlerContext) -> ByteBuffer {
    batch?.buffer(capacity) ?? context.channel.allocator.buffer(capacity: capacity)
  }

  /// Writes a whole buffer and sends it, soon; its memory may be used again for another message.
  public func write(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
    batch?.keep(buffer)
    context.write(NIOAny(buffer), promise: nil)
    request(context)
  }

  /// Sends what was written, soon.
  public func request(_ context: ChannelHandlerContext) {
    guard let batch else { return context.flush() }
    guard self.context == nil else { return }
    self.context = context
    batch.add(self)
  }

  /// Sends it now, where something waits: before the connection ends.
  public func send() {
    let context = self.context
    self.context = nil
    context?.flush()
  }

  /// There is nobody any more to send it to.
  public func cancel() { context = nil }
}
