import StrictCoding

/// Keeps users and their passwords' hashes.
public protocol UserStore: Sendable {
  /// The user of that id.
  func user(_ id: UserID) async throws(StoreError) -> User?

  /// The local user of that login name, with the encoded hash of the password.
  func localUser(loginName: String) async throws(StoreError) -> (user: User, passwordHash: String)?

  /// Makes a local user unless the name is taken, by a service account or another.
  ///
  /// - Returns: Whether it was made.
  func createLocalUser(_ user: User, passwordHash: String) async throws(StoreError) -> Bool

  /// Makes a service account unless a service account or a local user has its name.
  ///
  /// - Returns: Whether it was made.
  func createServiceUser(_ user: User) async throws(StoreError) -> Bool

  /// The local user or the service account of that name.
  func account(named name: String) async throws(StoreError) -> User?

  /// Removes a user, with logins and consents. What else the user has is revoked before.
  ///
  /// - Returns: Whether the user was there.
  func removeUser(_ id: UserID) async throws(StoreError) -> Bool

  /// Makes or updates the user of (issuer, subject): tenant, display name and groups follow the provider; id and
  /// `disabledAt` stay.
  ///
  /// - Parameter candidate: A federated user; its id is used only when it is new.
  /// - Returns: The user as stored.
  func upsertFederatedUser(_ candidate: User) async throws(StoreError) -> User

  /// Disables (a time) or enables (`nil`) a user.
  ///
  /// - Returns: Whether the user exists.
  func setUserDisabled(_ id: UserID, at time: Timestamp?) async throws(StoreError) -> Bool

  /// Replaces the password of a local user.
  ///
  /// - Returns: Whether there is such a local user.
  func setPasswordHash(_ id: UserID, _ passwordHash: String) async throws(StoreError) -> Bool

  /// Every user, ordered by id.
  func users() async throws(StoreError) -> [User]
}

extension UserStore {
  /// Whom an operator names: a local user or a service account in whatever case, or anybody by id.
  public func user(called name: String) async throws(StoreError) -> User? {
    if let user = try await account(named: ASCIICase.lowercased(name)) { return user }
    return try await user(UserID(name))
  }

  /// What every user is called in lists.
  public func shownNames() async throws(StoreError) -> [UserID: String] {
    Dictionary(try await users().map { ($0.id, $0.shownName) }, uniquingKeysWith: { first, _ in first })
  }
}
