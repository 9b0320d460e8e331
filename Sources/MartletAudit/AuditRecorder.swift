import MartletDomain
import Synchronization

/// Takes events from every thread without waiting and writes them to the store in batches.
///
/// At most `capacity` events (20,000) wait. `hasRoom` turns false before the queue is full, and new exchanges are
/// refused then; so an event is never dropped silently. A crash can lose what was handed over within the last 100 ms,
/// but for events recorded durably.
public final class AuditRecorder: AuditSink {
  private struct Queue {
    /// What waits, in this order: full batches, then the one that is being filled.
    var full: [AuditBatch] = []
    var filling = AuditBatch()
    /// Batches without records, for their memory.
    var spare: [AuditBatch] = []
    var waiting = 0
    var beingWritten = 0
    var lost = 0
    var failure: StoreError?
    var accepted: Int64 = 0
    var written: Int64 = 0
    var ledger: RunLedger?

    var count: Int { waiting + beingWritten }

    mutating func append(_ event: borrowing AuditEvent) {
      if filling.count >= AuditRecorder.batch { turn() }
      filling.append(event)
      waiting += 1
    }

    /// Begins another batch.
    mutating func turn() {
      var next = spare.popLast() ?? AuditBatch()
      swap(&next, &filling)
      full.append(next)
    }

    /// Keeps the memory of a batch that was written, unless it is much.
    mutating func keep(_ batch: consuming AuditBatch) {
      guard spare.count < AuditRecorder.mostSpare, batch.capacity <= AuditRecorder.largestSpare else { return }
      batch.removeAll()
      spare.append(batch)
    }

    /// Puts batches in front of what waits. As long as the store refuses them they come back every time, so what was
    /// taken in meanwhile is put into the last of them: else there would soon be many with a record each.
    mutating func putBack(_ batches: [AuditBatch]) {
      let count = batches.reduce(0) { $0 + $1.count }
      waiting += count
      beingWritten -= count
      full.insert(contentsOf: batches, at: 0)
      guard full.count == batches.count, var last = full.popLast() else { return }
      if last.count + filling.count <= AuditRecorder.batch {
        last.append(filling)
        filling = last
      } else {
        full.append(last)
      }
    }
  }

  /// What was written, summed up.
  public let metrics = EventMetrics()

  private let queue = Mutex(Queue())
  private let store: any AuditStore
  private let chain: AuditChain
  private let capacity: Int
  private static let batch = 2_000
  /// The memory of so many batches is kept for the next, and how many bytes each may have.
  private static let (mostSpare, largestSpare) = (4, 1 << 20)
  private static let interval = Duration.milliseconds(100)

  /// Makes a recorder over a store.
  ///
  /// - Parameters:
  ///   - store: Where the trail is kept.
  ///   - chain: Links its records.
  ///   - capacity: How many events may wait.
  public init(store: any AuditStore, chain: AuditChain, capacity: Int = 20_000) {
    self.store = store
    self.chain = chain
    self.capacity = capacity
  }

  /// Whether an exchange may begin: nine tenths of the queue are the limit, the rest is for those already under way.
  public var hasRoom: Bool { queue.withLock { $0.count < capacity / 10 * 9 } }

  /// Hands an event over.
  public func record(_ event: borrowing AuditEvent) {
    queue.withLock { queue in
      guard queue.count < capacity else {
        queue.lost += 1
        return
      }
      queue.append(event)
      queue.accepted += 1
      queue.ledger?.note(accepted: queue.accepted, written: queue.written)
    }
  }

  /// Writes what waits, and then this event, before returning.
  public func recordDurably(_ event: AuditEvent) async throws(StoreError) {
    try await flush()
    let batch = AuditBatch([event])
    try await store.appendAuditBatch(batch, linkedBy: chain)
    metrics.count(batch)
  }

  /// Counts in a ledger from now on, so that what a crash takes with it is known afterwards.
  public func count(in ledger: RunLedger) {
    queue.withLock { queue in
      queue.ledger = ledger
      ledger.note(accepted: queue.accepted, written: queue.written)
    }
  }

  /// How many events wait to be written.
  public var waitingEvents: Int { queue.withLock { $0.count } }

  /// How many events found the queue full; should always be zero.
  public var lostEvents: Int { queue.withLock { $0.lost } }

  /// Why events can't be written, as the store said last; `nil` while they can.
  public var failure: StoreError? { queue.withLock { $0.failure } }

  /// Writes what waits.
  public func flush() async throws(StoreError) {
    while case var batches = take(), !batches.isEmpty {
      // The first is the last here, so that a batch that was written is held by nobody else.
      batches.reverse()
      while let batch = batches.popLast() {
        do throws(StoreError) { try await store.appendAuditBatch(batch, linkedBy: chain) } catch {
          batches.append(batch)
          giveBack(batches.reversed(), error)
          throw error
        }
        metrics.count(batch)
        finish(batch)
      }
    }
  }

  private func take() -> [AuditBatch] {
    queue.withLock { queue in
      if !queue.filling.isEmpty { queue.turn() }
      var batches: [AuditBatch] = []
      swap(&batches, &queue.full)
      // What this time wasn't needed isn't kept for the next.
      if queue.spare.count > batches.count { queue.spare.removeLast(queue.spare.count - batches.count) }
      queue.beingWritten += queue.waiting
      queue.waiting = 0
      return batches
    }
  }

  private func finish(_ batch: consuming AuditBatch) {
    let count = batch.count
    // Taken out of it: a closure that could run twice would have to copy what it hands on.
    var batch = Optional(batch)
    queue.withLock { queue in
      queue.beingWritten -= count
      queue.failure = nil
      queue.written += Int64(count)
      queue.ledger?.note(accepted: queue.accepted, written: queue.written)
      if let batch = batch.take() { queue.keep(batch) }
    }
  }

  private func giveBack(_ batches: [AuditBatch], _ error: StoreError) {
    queue.withLock { queue in
      queue.putBack(batches)
      queue.failure = error
    }
  }

  /// Writes batches until cancelled, and the rest then. The store's trouble is remembered, and the next round tries
  /// again.
  public func run() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.interval)
      try? await flush()
    }
    try? await flush()
  }
}
