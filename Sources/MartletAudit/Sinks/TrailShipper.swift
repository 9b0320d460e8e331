import MartletDomain
import Synchronization

/// Tells one sink the trail, from where it was left. It reads what the store has, so nothing waits in memory, calls
/// don't notice it, and what a sink can't take stays where it is until retention removes it.
public final class TrailShipper: Sendable {
  /// What an operator should hear.
  public enum News: Sendable, Hashable {
    /// The sink takes nothing; said once until it does again.
    case failed(TrailSinkFailure)
    /// The sink takes records again.
    case recovered
    /// Retention has removed so many records before the sink could take them.
    case missed(Int64)
  }

  /// How it goes.
  public struct Progress: Sendable, Hashable {
    /// The place of the last record that was told.
    public var position: Int64 = 0
    /// How many records there are behind it.
    public var lag: Int64 = 0
    /// How many were told by this process.
    public var told: Int64 = 0
    /// How many retention has removed before they were told.
    public var missed: Int64 = 0
    /// Whether it takes nothing.
    public var isFailing = false
  }

  /// At most so many records are told at once.
  public static let batch = 500
  private static let lastBatches = 10
  private static let lease = Duration.seconds(10)
  private static let pause = Duration.milliseconds(250)
  private static let longestPause = Duration.seconds(60)

  private struct State {
    var progress = Progress()
    var heldUntil: Timestamp?
    var failures = 0
    /// What is missing before this place was counted already.
    var countedThrough: Int64 = 0
  }

  /// The sink.
  public let sink: any TrailSink
  /// Whose records it wants; `nil` for everybody's.
  public let tenants: Set<TenantID>?
  private let store: any TrailCursorStore
  private let holder: String
  private let clock: any WallClock
  private let report: @Sendable (News) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - sink: Who is told.
  ///   - tenants: Whose records it wants; `nil` for everybody's.
  ///   - store: Where the trail is.
  ///   - holder: Names this process among those on one store.
  ///   - clock: Tells the time.
  ///   - report: Gets what an operator should hear.
  public init(
    sink: any TrailSink, of tenants: Set<TenantID>? = nil, store: any TrailCursorStore, holder: String,
    clock: any WallClock,
    report: @escaping @Sendable (News) -> Void
  ) {
    self.sink = sink
    self.tenants = tenants
    self.store = store
    self.holder = holder
    self.clock = clock
    self.report = report
  }

  /// How it goes.
  public var progress: Progress { state.withLock { $0.progress } }

  /// Goes on until cancelled.
  public func run() async {
    while !Task.isCancelled {
      let pause = await round()
      if pause > .zero { try? await Task.sleep(for: pause) }
    }
  }

  /// Tells what is there, as far as a few batches go, and lets another process go on.
  public func close() async {
    for _ in 0..<Self.lastBatches where await round() > .zero { break }
    try? await store.releaseTrailCursor(sink.name, by: holder)
    await sink.close()
  }

  /// One try.
  ///
  /// - Returns: How long to wait for the next.
  public func round() async -> Duration {
    do {
      guard let position = try await held() else { return Self.pause * 4 }
      let records = try await store.auditRecords(afterPosition: position, limit: Self.batch)
      let end = try await store.lastAuditPosition()
      guard let last = records.last else {
        state.withLock { $0.progress.lag = 0 }
        return Self.pause
      }
      noteMissed(from: position, to: last.position, but: records)
      state.withLock { $0.progress.lag = end - position }
      let wanted = records.filter { wants($0.record) }
      if !wanted.isEmpty { try await sink.take(wanted) }
      guard try await store.advanceTrailCursor(sink.name, by: holder, to: last.position) else { return lost() }
      noteTold(wanted.count, through: last.position, of: end)
      return records.count < Self.batch ? Self.pause : .zero
    } catch let failure as TrailSinkFailure {
      return noteFailure(failure)
    } catch {
      return noteFailure(
        TrailSinkFailure("the trail can't be read: \(error)", advice: "Look after the database in data_dir."))
    }
  }

  /// A record that can't be read any more is nobody's: only who wants everything gets it.
  private func wants(_ record: AuditRecord) -> Bool {
    guard let tenants else { return true }
    return record.event.map { tenants.contains($0.tenant) } ?? false
  }

  /// Where to go on, where this process is the one to tell the sink.
  private func held() async throws(StoreError) -> Int64? {
    let now = clock.now()
    let known = state.withLock { state in
      state.heldUntil.flatMap { $0 - Self.lease / 2 > now ? state.progress.position : nil }
    }
    if let known { return known }
    let end = now + Self.lease
    let position = try await store.holdTrailCursor(sink.name, by: holder, at: now, until: end)
    state.withLock { state in
      state.heldUntil = position == nil ? nil : end
      if let position { state.progress.position = position }
    }
    return position
  }

  private func lost() -> Duration {
    state.withLock { $0.heldUntil = nil }
    return Self.pause
  }

  private func noteTold(_ count: Int, through position: Int64, of end: Int64) {
    let wasFailing = state.withLock { state in
      defer { state.progress.isFailing = false }
      state.progress.position = position
      state.progress.lag = max(0, end - position)
      state.progress.told += Int64(count)
      state.failures = 0
      return state.progress.isFailing
    }
    if wasFailing { report(.recovered) }
  }

  /// Places are without holes but for those of removed records.
  private func noteMissed(from position: Int64, to end: Int64, but records: [PlacedRecord]) {
    let count = state.withLock { state in
      let begin = max(position, state.countedThrough)
      let count = max(0, end - begin - Int64(records.count { $0.position > begin }))
      state.countedThrough = max(end, state.countedThrough)
      state.progress.missed += count
      return count
    }
    if count > 0 { report(.missed(count)) }
  }

  /// After 1 s, twice as long each time up to a minute.
  private func noteFailure(_ failure: TrailSinkFailure) -> Duration {
    let (isNews, failures) = state.withLock { state in
      defer { state.progress.isFailing = true }
      state.failures += 1
      return (!state.progress.isFailing, state.failures)
    }
    if isNews { report(.failed(failure)) }
    return min(.seconds(1) * (1 << min(failures - 1, 6)), Self.longestPause)
  }
}
