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
  /// The assertion that was made for a principal last: most calls come with the principal of a call before, and to tell
  /// that costs less than to hash what it is made of.
  private struct Recent: Sendable {
    /// Held, so that its identity is nobody else's.
    let principal: Principal
    let upstream: String
    let assertion: String
    let freshUntil: Timestamp
  }

  private var recent: [ObjectIdentifier: Recent] = [:]
  private var entries: [AssertionCacheKey: (assertion: String, freshUntil: Timestamp)] = [:]
  let capacity: Int

  init(capacity: Int) { self.capacity = max(1, capacity) }

  var count: Int { entries.count }

  func assertion(_ key: AssertionCacheKey, at now: Timestamp) -> String? {
    guard let entry = entries[key], entry.freshUntil > now else { return nil }
    return entry.assertion
  }

  /// The assertion for this very principal, where it was asked for the same upstream last.
  func assertion(for principal: Principal, upstream: String, at now: Timestamp) -> String? {
    guard let found = recent[ObjectIdentifier(principal)], found.freshUntil > now,
      found.upstream.equalsBytewise(upstream)
    else { return nil }
    return found.assertion
  }

  /// Remembers by principal what is kept under its key.
  mutating func note(_ key: AssertionCacheKey, for principal: Principal, upstream: String) {
    guard let entry = entries[key] else { return }
    if recent.count >= capacity { recent.removeAll(keepingCapacity: true) }
    recent[ObjectIdentifier(principal)] = Recent(
      principal: principal, upstream: upstream, assertion: entry.assertion, freshUntil: entry.freshUntil)
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
