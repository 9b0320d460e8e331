import MartletDomain

/// Counters of guesses by key, bounded: what was touched longest ago goes first.
struct FailureTable<Key: Hashable & Sendable>: Sendable {
  private struct Entry {
    var failures = 0
    var underWay = 0
    var lastAt: Timestamp
  }

  private let capacity: Int
  private let memory: Duration
  private var entries: [Key: Entry] = [:]

  init(capacity: Int, memory: Duration) {
    self.capacity = max(16, capacity)
    self.memory = memory
  }

  var count: Int { entries.count }

  func contains(_ key: Key, at now: Timestamp) -> Bool { live(key, at: now) != nil }

  func failures(_ key: Key, at now: Timestamp) -> Int { live(key, at: now)?.failures ?? 0 }

  /// How long it is until the next guess may come; zero for now.
  func remaining(_ key: Key, pace: ThrottlePace, at now: Timestamp) -> Duration {
    guard let entry = live(key, at: now) else { return .zero }
    if entry.underWay >= (entry.failures > pace.free ? 1 : pace.atOnce) { return .seconds(1) }
    // A clock that was set back must not turn a short wait into a long one.
    let elapsed = max(.zero, now - entry.lastAt)
    return max(.zero, pace.wait(after: entry.failures) - elapsed)
  }

  mutating func begin(_ key: Key, at now: Timestamp) {
    change(key, at: now) { $0.underWay += 1 }
  }

  mutating func end(_ key: Key, failed: Bool, at now: Timestamp) {
    guard entries[key] != nil || failed else { return }
    change(key, at: now) { entry in
      entry.underWay = max(0, entry.underWay - 1)
      if failed { entry.failures = min(entry.failures + 1, 1_000_000) }
    }
  }

  mutating func touch(_ key: Key, at now: Timestamp) { change(key, at: now) { _ in } }

  mutating func forgetFailures(_ key: Key) { entries[key]?.failures = 0 }

  private mutating func change(_ key: Key, at now: Timestamp, _ body: (inout Entry) -> Void) {
    var entry = live(key, at: now) ?? Entry(lastAt: now)
    entry.lastAt = now
    body(&entry)
    entries[key] = entry
    if entries.count > capacity { dropOldest() }
  }

  private func live(_ key: Key, at now: Timestamp) -> Entry? {
    entries[key].flatMap { now - $0.lastAt < memory ? $0 : nil }
  }

  // A sixteenth at once, so that a flood pays for the sorting rarely.
  private mutating func dropOldest() {
    let surplus = entries.count - capacity + capacity / 16
    for (key, _) in entries.sorted(by: { $0.value.lastAt < $1.value.lastAt }).prefix(surplus) { entries[key] = nil }
  }
}
