import Synchronization

/// Work that outlives whoever asked for it: a caller that hangs up takes nothing along.
///
/// Jobs are children of `run`, so nothing is left behind when it returns.
final class JobQueue: Sendable {
  typealias Job = @Sendable () async -> Void

  private struct State {
    var pending = 0
    var isClosed = false
  }

  private let jobs: AsyncStream<Job>
  private let entrance: AsyncStream<Job>.Continuation
  private let state = Mutex(State())

  init() {
    (jobs, entrance) = AsyncStream.makeStream()
  }

  /// Adds a job.
  ///
  /// - Returns: Whether it will be done: not after `close`.
  func add(_ job: @escaping Job) -> Bool {
    let isOpen = state.withLock { state in
      guard !state.isClosed else { return false }
      state.pending += 1
      return true
    }
    if isOpen { entrance.yield(job) }
    return isOpen
  }

  /// Does the jobs, all at once, until the queue is closed and they are done.
  func run() async {
    await withDiscardingTaskGroup { group in
      for await job in jobs {
        group.addTask {
          await job()
          self.state.withLock { $0.pending -= 1 }
        }
      }
    }
  }

  /// Takes no more jobs. Those that were added are done.
  func close() {
    state.withLock { $0.isClosed = true }
    entrance.finish()
  }

  /// Whether it takes no more jobs.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// How many jobs aren't done.
  var pending: Int { state.withLock { $0.pending } }
}
