import MartletDomain

extension MemoryStore {
  /// See `RevocationStore`.
  public func appendRevocations(_ revocations: [Revocation]) async throws(StoreError) {
    try access { state in
      for revocation in revocations {
        state.lastRevocation += 1
        state.revocations.append(SequencedRevocation(sequence: state.lastRevocation, revocation: revocation))
      }
    }
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
