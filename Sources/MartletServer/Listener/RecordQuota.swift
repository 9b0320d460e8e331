import NIOCore
import Synchronization

/// How many records of a kind may be written in a stretch of time, where strangers decide how many there are.
final class RecordQuota: Sendable {
  private struct State {
    var begunAt: NIODeadline?
    var left = 0
  }

  private let limit: Int
  private let window: TimeAmount
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: How many, at least 1.
  ///   - window: In how long.
  init(limit: Int, window: TimeAmount) {
    self.limit = limit
    self.window = window
  }

  /// Takes one.
  ///
  /// - Returns: How many are left after it; `nil` where none was.
  func take(at now: NIODeadline) -> Int? {
    state.withLock { state in
      if state.begunAt.map({ now - $0 >= window }) ?? true { state = State(begunAt: now, left: limit) }
      guard state.left > 0 else { return nil }
      state.left -= 1
      return state.left
    }
  }
}
