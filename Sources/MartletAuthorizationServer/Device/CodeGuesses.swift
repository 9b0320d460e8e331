import MartletDomain
import Synchronization

/// Counts wrong user codes by the user who typed them: whoever isn't logged in can't try any.
///
/// A live code is one in 2.56 × 10¹⁰; with 10 tries a quarter of an hour and as many live codes as there is room for,
/// one user finds somebody's within 70 years.
final class CodeGuesses: Sendable {
  private struct Entry {
    var failures: Int
    var since: Timestamp
  }

  /// How many wrong codes a user has at once.
  static let free = 10
  /// When they are forgotten.
  static let memory: Duration = .seconds(900)
  private static let capacity = 10_000

  private let entries = Mutex<[UserID: Entry]>([:])

  /// How many seconds a user has to wait; `nil` where they need not.
  func wait(of user: UserID, at now: Timestamp) -> Int64? {
    entries.withLock { entries in
      guard let entry = entries[user], entry.failures >= Self.free else { return nil }
      let rest = Self.memory - (now - entry.since)
      return rest > .zero ? max(1, (rest.milliseconds + 999) / 1000) : nil
    }
  }

  /// A code was wrong.
  func fail(_ user: UserID, at now: Timestamp) {
    entries.withLock { entries in
      if let entry = entries[user], now - entry.since < Self.memory {
        entries[user]?.failures += 1
        return
      }
      if entries.count >= Self.capacity { entries = entries.filter { now - $0.value.since < Self.memory } }
      entries[user] = Entry(failures: 1, since: now)
    }
  }
}
