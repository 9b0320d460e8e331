/// Keeps browsers that are logged in, and logins that are away at a provider.
public protocol LoginSessionStore: Sendable {
  /// Stores a session.
  func createLoginSession(_ session: LoginSession) async throws(StoreError)

  /// The session of that cookie, unless it has ended.
  func loginSession(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError) -> LoginSession?

  /// Ends a session.
  func endLoginSession(_ digest: ArtefactDigest) async throws(StoreError)

  /// Ends every session of a user.
  func endLoginSessions(tenant: TenantID, user: UserID) async throws(StoreError)

  /// Stores a login that leaves for a provider.
  ///
  /// Anybody can leave, so there is room for so many only: where they are too many, those that have ended go, and then
  /// the oldest of the network that has the most. The one that just left never goes.
  ///
  /// - Parameters:
  ///   - login: What to store.
  ///   - capacity: How many are kept, at least 1.
  ///   - now: The time.
  func beginFederatedLogin(_ login: FederatedLogin, capacity: Int, at now: Timestamp) async throws(StoreError)

  /// Takes a login out, exactly once.
  func consumeFederatedLogin(_ state: ArtefactDigest, at now: Timestamp) async throws(StoreError) -> FederatedLogin?

  /// Removes what has ended.
  func removeExpiredLogins(at now: Timestamp) async throws(StoreError)
}
