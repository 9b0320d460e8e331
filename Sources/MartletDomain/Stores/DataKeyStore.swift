/// Keeps the keys that seal credentials.
public protocol DataKeyStore: Sendable {
  /// A tenant's keys, oldest first.
  func dataKeys(of tenant: TenantID) async throws(StoreError) -> [DataKey]

  /// Adds a key if the tenant's newest still is the expected one, so that two processes don't both add one. A deleted
  /// tenant gets none.
  ///
  /// - Parameters:
  ///   - key: The new key.
  ///   - newest: The newest key's name that the caller saw; `nil` for none.
  /// - Returns: Whether it was added.
  func addDataKey(_ key: DataKey, ifNewestIs newest: String?) async throws(StoreError) -> Bool
}
