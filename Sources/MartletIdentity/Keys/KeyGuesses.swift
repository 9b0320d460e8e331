import MartletDomain
import OAuthClient
import Synchronization

/// Slows down whoever presents well-formed keys that don't exist: each costs a look into the store.
///
/// Only keys that this process has to look up are held up. A key that is in use is known and passes, so a guesser
/// behind the same address as others doesn't lock them out (V-085). Nobody guesses 190 bits; this keeps the store free
/// and the trail readable.
final class KeyGuesses: Sendable {
  /// 30 failures are free, 64 look-ups may be under way at once, then 1 s doubling to 60 s; forgotten after 15 min.
  private static let pace = ThrottlePace(
    free: 30, atOnce: 64, first: .seconds(1), ceiling: .seconds(60), memory: .seconds(900))

  private let networks: Mutex<FailureTable<SourceNetwork>>
  private let clock: any WallClock

  init(clock: any WallClock, capacity: Int = 10_000) {
    self.clock = clock
    networks = Mutex(FailureTable(capacity: capacity, memory: Self.pace.memory))
  }

  /// Lets a look-up begin, or says how many seconds to wait.
  func begin(_ network: SourceNetwork) -> Int64? {
    let now = clock.now()
    return networks.withLock { networks in
      let wait = networks.remaining(network, pace: Self.pace, at: now)
      guard wait <= .zero else { return max(1, (wait.milliseconds + 999) / 1000) }
      networks.begin(network, at: now)
      return nil
    }
  }

  /// A look-up has ended.
  func end(_ network: SourceNetwork, failed: Bool) {
    let now = clock.now()
    networks.withLock { $0.end(network, failed: failed, at: now) }
  }
}
