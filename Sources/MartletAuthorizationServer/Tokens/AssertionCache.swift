import MartletDomain
import StrictCoding

/// Which assertion: tenant first, so that no two tenants' keys can ever be the same (invariant 5).
struct AssertionCacheKey: Hashable, Sendable {
  let tenant: TenantID
  let binding: PrincipalBinding
  let upstream: ByteString
}

/// Assertions that are still fresh enough to be sent again; never more than `capacity`.
struct AssertionCache: Sendable {
  private var entries: [AssertionCacheKey: (assertion: String, freshUntil: Timestamp)] = [:]
  let capacity: Int

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { entries.count }

  func assertion(_ key: AssertionCacheKey, at now: Timestamp) -> String? {
    guard let entry = entries[key], entry.freshUntil > now else { return nil }
    return entry.assertion
  }

  mutating func insert(_ assertion: String, for key: AssertionCacheKey, freshUntil: Timestamp, at now: Timestamp) {
    if entries.count >= capacity, entries[key] == nil {
      entries = entries.filter { $0.value.freshUntil > now }
      // All live for seconds only: starting over is cheaper than an order of use.
      if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
    }
    entries[key] = (assertion, freshUntil)
  }
}
