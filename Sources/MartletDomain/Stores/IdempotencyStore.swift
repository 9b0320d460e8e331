/// What becomes of a request that names an idempotency key.
public enum IdempotentBeginning: Sendable, Hashable {
  /// It is the first: go on.
  case first
  /// The same was answered before.
  case answered(status: Int, sealedAnswer: [UInt8])
  /// The same was begun before, and nobody knows how it ended.
  case underWay
  /// The key was used for something else.
  case different
  /// There is no room for another key of that caller.
  case full
}

/// Remembers answers to requests that may be sent again.
public protocol IdempotencyStore: Sendable {
  /// Begins a request, or tells what became of it before.
  ///
  /// - Parameters:
  ///   - key: What the caller named it, hashed.
  ///   - principal: Who asks.
  ///   - tenant: Whose.
  ///   - request: Hash of the request.
  ///   - now: The time.
  ///   - expiry: Until when it is remembered.
  ///   - capacity: How many a caller has at once.
  func beginIdempotent(
    _ key: [UInt8], by principal: String, tenant: TenantID, request: [UInt8], at now: Timestamp,
    until expiry: Timestamp, capacity: Int
  ) async throws(StoreError) -> IdempotentBeginning

  /// Stores the answer, or with `nil` forgets the request, which may then be sent again.
  func endIdempotent(
    _ key: [UInt8], by principal: String, answer: (status: Int, sealed: [UInt8])?
  ) async throws(StoreError)
}
