import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `UserStore`.
  public func user(_ id: UserID) async throws(StoreError) -> User? {
    try access { $0.standing(id) }
  }

  /// See `UserStore`.
  public func localUser(loginName: String) async throws(StoreError) -> (user: User, passwordHash: String)? {
    try access { state in
      guard let stored = state.localUser(loginName), let hash = stored.passwordHash else { return nil }
      return (stored.user, hash)
    }
  }

  /// See `UserStore`.
  public func createLocalUser(_ user: User, passwordHash: String) async throws(StoreError) -> Bool {
    try access { state in
      guard let loginName = user.loginName, state.account(loginName) == nil, state.users[user.id] == nil else {
        return false
      }
      state.users[user.id] = .init(user: user, passwordHash: passwordHash)
      return true
    }
  }

  /// See `UserStore`.
  public func createServiceUser(_ user: User) async throws(StoreError) -> Bool {
    try access { state in
      guard case .service(let name) = user.origin, state.account(name) == nil, state.users[user.id] == nil else {
        return false
      }
      state.users[user.id] = .init(user: user, passwordHash: nil)
      return true
    }
  }

  /// See `UserStore`.
  public func account(named name: String) async throws(StoreError) -> User? { try access { $0.account(name)?.user } }

  /// See `UserStore`.
  public func removeUser(_ id: UserID) async throws(StoreError) -> Bool {
    try access { state in
      state.loginSessions = state.loginSessions.filter { $0.value.user != id }
      state.consents = state.consents.filter { $0.key.user != id }
      return state.users.removeValue(forKey: id) != nil
    }
  }

  /// See `UserStore`.
  public func upsertFederatedUser(_ candidate: User) async throws(StoreError) -> User {
    try access { (state) throws(StoreError) in
      guard case .federated = candidate.origin else { throw .corrupt("not a federated user") }
      guard var known = state.users.values.first(where: { $0.user.origin == candidate.origin })?.user else {
        guard state.users[candidate.id] == nil else { throw .corrupt("the user id is taken") }
        state.users[candidate.id] = .init(user: candidate, passwordHash: nil)
        return candidate
      }
      known.tenant = candidate.tenant
      known.displayName = candidate.displayName
      known.groups = candidate.groups
      state.users[known.id] = .init(user: known, passwordHash: nil)
      return known
    }
  }

  /// See `UserStore`.
  public func setUserDisabled(_ id: UserID, at time: Timestamp?) async throws(StoreError) -> Bool {
    try access { state in
      guard state.users[id] != nil else { return false }
      state.users[id]?.user.disabledAt = time
      return true
    }
  }

  /// See `UserStore`.
  public func setPasswordHash(_ id: UserID, _ passwordHash: String) async throws(StoreError) -> Bool {
    try access { state in
      guard state.users[id]?.user.loginName != nil else { return false }
      state.users[id]?.passwordHash = passwordHash
      return true
    }
  }

  /// See `UserStore`.
  public func users() async throws(StoreError) -> [User] {
    try access { $0.users.values.map(\.user).sorted { $0.id < $1.id } }
  }
}

extension MemoryStoreState {
  fileprivate func account(_ name: String) -> StoredUser? {
    let wanted = ByteString(name)
    return users.values.first { stored in stored.user.accountName.map { ByteString($0) == wanted } ?? false }
  }

  fileprivate func localUser(_ loginName: String) -> StoredUser? {
    let wanted = ByteString(loginName)
    return users.values.first { stored in stored.user.loginName.map { ByteString($0) == wanted } ?? false }
  }
}
