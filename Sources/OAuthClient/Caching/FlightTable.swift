/// Who waits for which piece of work, inside an actor, so that concurrent callers of one key share it.
///
/// The first caller does the work itself: no task outlives its caller. State changes and the end of a flight happen in
/// one step of the actor, so that nobody starts a second flight in between.
struct FlightTable<Key: Hashable & Sendable>: Sendable {
  private var waiters: [Key: [CheckedContinuation<Void, Never>]] = [:]

  func isFlying(_ key: Key) -> Bool { waiters[key] != nil }

  mutating func begin(_ key: Key) { waiters[key] = [] }

  mutating func wait(for key: Key, _ continuation: CheckedContinuation<Void, Never>) {
    guard waiters[key] != nil else { return continuation.resume() }
    waiters[key]?.append(continuation)
  }

  mutating func end(_ key: Key) {
    for waiter in waiters.removeValue(forKey: key) ?? [] { waiter.resume() }
  }
}
