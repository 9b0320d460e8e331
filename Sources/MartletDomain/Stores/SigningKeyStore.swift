/// Keeps signing keys, shared by every process on the store.
public protocol SigningKeyStore: Sendable {
  /// Every key that isn't retired, oldest first.
  func signingKeys(at now: Timestamp) async throws(StoreError) -> [SigningKeyRecord]

  /// Adds a key if the newest of that use still is the expected one, so that two processes don't rotate twice.
  ///
  /// - Parameters:
  ///   - key: The new key.
  ///   - newest: The id of the newest key of that use that the caller saw; `nil` for none.
  ///   - retirement: When the keys before it stop being published; `nil` when there are none.
  /// - Returns: Whether it was added.
  func addSigningKey(_ key: SigningKeyRecord, ifNewestIs newest: String?, retiringOthersAt retirement: Timestamp?)
    async throws(StoreError) -> Bool

  /// Removes retired keys.
  func removeRetiredSigningKeys(at now: Timestamp) async throws(StoreError)
}
