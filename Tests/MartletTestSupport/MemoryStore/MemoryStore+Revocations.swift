import MartletDomain

extension MemoryStore {
  /// See `RevocationStore`.
  public func appendRevocations(_ revocations: [Revocation]) async throws(StoreError) {
    try access { $0.append(revocations) }
  }

  /// See `RevocationStore`.
  public func revocations(after sequence: Int64, at now: Timestamp) async throws(StoreError) -> [SequencedRevocation] {
    try access { $0.revocations.filter { $0.sequence > sequence && $0.revocation.expiresAt > now } }
  }

  /// See `RevocationStore`.
  public func removeExpiredRevocations(at now: Timestamp) async throws(StoreError) {
    try access { $0.revocations.removeAll { $0.revocation.expiresAt <= now } }
  }
}

extension MemoryStoreState {
  mutating func append(_ rows: [Revocation]) {
    for revocation in rows {
      lastRevocation += 1
      revocations.append(SequencedRevocation(sequence: lastRevocation, revocation: revocation))
    }
  }
}
