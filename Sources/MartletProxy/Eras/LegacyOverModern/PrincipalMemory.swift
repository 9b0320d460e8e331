import MartletDomain
import Synchronization

/// Something that a server told about itself, remembered for each principal for a while: what it tells may differ by who
/// asks. All of it may be lost without a wrong decision.
final class PrincipalMemory<Value: Sendable>: Sendable {
  private struct Entry {
    let value: Value
    let until: Timestamp
  }

  private let entries = Mutex<[PrincipalBinding: Entry]>([:])
  private let capacity: Int

  /// - Parameter capacity: How many principals; when it is full, everything is forgotten.
  init(capacity: Int = 10_000) { self.capacity = capacity }

  func value(for principal: PrincipalBinding, at now: Timestamp) -> Value? {
    entries.withLock { entries in
      guard let entry = entries[principal] else { return nil }
      if entry.until > now { return entry.value }
      entries[principal] = nil
      return nil
    }
  }

  func remember(_ value: Value, for principal: PrincipalBinding, until: Timestamp) {
    entries.withLock { entries in
      if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
      entries[principal] = Entry(value: value, until: until)
    }
  }
}

/// How long an answer of a modern server is remembered.
enum Freshness {
  /// By its `ttlMs`, but never so short that every call asks again: a stale answer is noticed by the server.
  static func end(ttl milliseconds: Int64?, from now: Timestamp) -> Timestamp {
    let wanted = Duration.milliseconds(max(0, milliseconds ?? 0))
    return now + min(max(wanted, LegacyBridgeLimits.shortestMemory), LegacyBridgeLimits.longestMemory)
  }
}
