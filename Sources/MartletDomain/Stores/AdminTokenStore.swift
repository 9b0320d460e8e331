/// Keeps the bearers of the admin API.
public protocol AdminTokenStore: Sendable {
  /// Stores a token.
  func createAdminToken(_ token: AdminToken) async throws(StoreError)

  /// A token, ended or not.
  func adminToken(_ id: AdminTokenID) async throws(StoreError) -> AdminToken?

  /// Notes the use of a token; never moves the time back.
  func noteAdminTokenUse(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError)

  /// Takes a token away.
  ///
  /// - Returns: Whether it was live.
  func revokeAdminToken(_ id: AdminTokenID, at now: Timestamp) async throws(StoreError) -> Bool

  /// Every token, ordered by id.
  func adminTokens() async throws(StoreError) -> [AdminToken]

  /// Removes tokens that ended before a time.
  func removeEndedAdminTokens(before time: Timestamp) async throws(StoreError)
}
