import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `SigningKeyStore`.
  public func signingKeys(at now: Timestamp) async throws(StoreError) -> [SigningKeyRecord] {
    try access { state in state.signingKeys.filter { $0.retiresAt.map { $0 > now } ?? true } }
  }

  /// See `SigningKeyStore`.
  public func addSigningKey(
    _ key: SigningKeyRecord, ifNewestIs newest: String?, retiringOthersAt retirement: Timestamp?
  ) async throws(StoreError) -> Bool {
    try access { state in
      let known = state.signingKeys.last { $0.use == key.use }?.id
      guard known.map({ ByteString($0) }) == newest.map({ ByteString($0) }),
        !state.signingKeys.contains(where: { ByteString($0.id) == ByteString(key.id) })
      else { return false }
      for index in state.signingKeys.indices
      where state.signingKeys[index].use == key.use && state.signingKeys[index].retiresAt == nil {
        state.signingKeys[index].retiresAt = retirement
      }
      state.signingKeys.append(key)
      return true
    }
  }

  /// See `SigningKeyStore`.
  public func removeRetiredSigningKeys(at now: Timestamp) async throws(StoreError) {
    try access { state in state.signingKeys.removeAll { $0.retiresAt.map { $0 <= now } ?? false } }
  }
}
