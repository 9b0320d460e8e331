import Dispatch
import Synchronization

/// Threads of its own for slow hashes, few of them, with a bounded queue before them: neither event loops nor Swift's
/// cooperative pool ever wait for a password, and a flood of logins costs bounded memory.
final class HashingLanes: Sendable {
  private let lanes: [DispatchQueue]
  private let capacity: Int
  private let pending: Mutex<[Int]>

  /// - Parameters:
  ///   - width: How many hashes run at once.
  ///   - capacity: How many may run and wait together.
  init(width: Int, capacity: Int) {
    // Serial queues get threads beyond the cooperative pool's; one concurrent queue would share its width.
    lanes = (0..<max(1, width)).map { DispatchQueue(label: "martlet.passwords.\($0)") }
    self.capacity = max(1, capacity)
    pending = Mutex(Array(repeating: 0, count: max(1, width)))
  }

  /// Runs work on the lane with the fewest waiting.
  ///
  /// - Throws: `.busy` when the queue is full.
  func run<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result
  ) async throws(PasswordHashingError) -> Result {
    guard let lane = reserve() else { throw .busy }
    return await withCheckedContinuation { continuation in
      lanes[lane].async {
        let result = work()
        self.pending.withLock { $0[lane] -= 1 }
        continuation.resume(returning: result)
      }
    }
  }

  /// How many run and wait at present.
  var load: Int { pending.withLock { $0.reduce(0, +) } }

  private func reserve() -> Int? {
    pending.withLock { pending in
      guard pending.reduce(0, +) < capacity else { return nil }
      let lane = pending.indices.min { pending[$0] < pending[$1] } ?? 0
      pending[lane] += 1
      return lane
    }
  }
}
