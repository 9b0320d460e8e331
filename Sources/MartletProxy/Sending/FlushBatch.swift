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
  private var sending: [PendingFlush] = []
  /// Nothing else runs while it is used: so nothing has to watch.
  @exclusivity(unchecked) private var memory = Memory()

  private init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// The batch of an event loop. Call it on that event loop.
  public static func of(_ eventLoop: any EventLoop) -> FlushBatch {
    if let known = ofThread.currentValue, known.eventLoop === eventLoop { return known }
    let batch = FlushBatch(eventLoop: eventLoop)
    ofThread.currentValue = batch
    return batch
  }

  func add(_ flush: PendingFlush) {
    waiting.append(flush)
    if waiting.count == 1 { eventLoop.assumeIsolated().execute { self.send() } }
  }

  private func send() {
    // Sending may make a connection write again: that goes into the next round.
    swap(&waiting, &sending)
    for flush in sending { flush.sendDue() }
    sending.removeAll(keepingCapacity: true)
    memory.turn()
  }

  func buffer(_ capacity: Int) -> ByteBuffer? { memory.take(capacity) }

  func keep(_ buffer: ByteBuffer) { memory.keep(buffer) }
}
