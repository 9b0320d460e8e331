import MartletDomain
import Synchronization

/// Takes events from every thread without waiting and writes them to the store in batches.
///
/// At most `capacity` events (20,000) wait. `hasRoom` turns false before the queue is full, and new exchanges are
/// refused then; so an event is never dropped silently. A crash can lose what was handed over within the last 100 ms,
/// but for events recorded durably.
public final class AuditRecorder: AuditSink {
  private struct Queue {
    var waiting: [AuditEntry] = []
    var beingWritten = 0
    var lost = 0
    var failedSince: Timestamp?
    var accepted: Int64 = 0
    var written: Int64 = 0
    var ledger: RunLedger?

    var count: Int { waiting.count + beingWritten }
  }

  /// What was written, summed up.
  public let metrics = EventMetrics()

  private let queue = Mutex(Queue())
  private let store: any AuditStore
  private let chain: AuditChain
  private let clock: any WallClock
  private let capacity: Int
  private static let batch = 1_000
  private static let interval = Duration.milliseconds(100)

  /// Makes a recorder over a store.
  ///
  /// - Parameters:
  ///   - store: Where the trail is kept.
  ///   - chain: Links its records.
  ///   - clock: Tells the time.
  ///   - capacity: How many events may wait.
  public init(store: any AuditStore, chain: AuditChain, clock: any WallClock, capacity: Int = 20_000) {
    self.store = store
    self.chain = chain
    self.clock = clock
    self.capacity = capacity
  }

  /// Whether an exchange may begin: nine tenths of the queue are the limit, the rest is for those already under way.
  public var hasRoom: Bool { queue.withLock { $0.count < capacity / 10 * 9 } }

  /// Hands an event over.
  public func record(_ event: consuming AuditEvent) {
    let entry = AuditEntry(event)
    queue.withLock { queue in
      guard queue.count < capacity else {
        queue.lost += 1
        return
      }
      queue.waiting.append(entry)
      queue.accepted += 1
      queue.ledger?.note(accepted: queue.accepted, written: queue.written)
    }
  }

  /// Writes what waits, and then this event, before returning.
  public func recordDurably(_ event: AuditEvent) async throws(StoreError) {
    try await flush()
    let entry = AuditEntry(event)
    try await store.appendAuditEntries([entry], linkedBy: chain)
    metrics.count([entry])
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

  /// Since when the store has refused events; `nil` while it takes them.
  public var failedSince: Timestamp? { queue.withLock { $0.failedSince } }

  /// Writes what waits.
  public func flush() async throws(StoreError) {
    while case let entries = take(), !entries.isEmpty {
      var rest = entries[...]
      while !rest.isEmpty {
        // Usually all of them, which then needn't be copied.
        let batch = rest.count == entries.count && rest.count <= Self.batch ? entries : Array(rest.prefix(Self.batch))
        do throws(StoreError) { try await store.appendAuditEntries(batch, linkedBy: chain) } catch {
          giveBack(rest)
          throw error
        }
        metrics.count(batch)
        rest = rest.dropFirst(batch.count)
        queue.withLock { queue in
          queue.beingWritten -= batch.count
          queue.failedSince = nil
          queue.written += Int64(batch.count)
          queue.ledger?.note(accepted: queue.accepted, written: queue.written)
        }
      }
    }
  }

  private func take() -> [AuditEntry] {
    queue.withLock { queue in
      var entries: [AuditEntry] = []
      entries.reserveCapacity(queue.waiting.count)
      swap(&entries, &queue.waiting)
      queue.beingWritten += entries.count
      return entries
    }
  }

  private func giveBack(_ entries: ArraySlice<AuditEntry>) {
    let now = clock.now()
    queue.withLock { queue in
      queue.waiting.insert(contentsOf: entries, at: 0)
      queue.beingWritten -= entries.count
      queue.failedSince = queue.failedSince ?? now
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
