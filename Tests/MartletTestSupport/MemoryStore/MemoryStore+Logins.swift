import MartletDomain

extension MemoryStore {
  /// See `LoginSessionStore`.
  public func createLoginSession(_ session: LoginSession) async throws(StoreError) {
    try access { $0.loginSessions[session.digest] = session }
  }

  /// See `LoginSessionStore`.
  public func loginSession(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError) -> LoginSession? {
    try access { state in state.loginSessions[digest].flatMap { $0.expiresAt > now ? $0 : nil } }
  }

  /// See `LoginSessionStore`.
  public func endLoginSession(_ digest: ArtefactDigest) async throws(StoreError) {
    try access { $0.loginSessions[digest] = nil }
  }

  /// See `LoginSessionStore`.
  public func endLoginSessions(tenant: TenantID, user: UserID) async throws(StoreError) {
    try access { state in
      state.loginSessions = state.loginSessions.filter { $0.value.tenant != tenant || $0.value.user != user }
    }
  }

  /// See `LoginSessionStore`.
  public func beginFederatedLogin(
    _ login: FederatedLogin, capacity: Int, at now: Timestamp
  ) async throws(StoreError) {
    try access { memory in
      memory.federatedLogins[login.state] = login
      guard memory.federatedLogins.count > capacity else { return }
      memory.federatedLogins = memory.federatedLogins.filter { $0.value.expiresAt > now }
      guard memory.federatedLogins.count > capacity else { return }
      let others = memory.federatedLogins.values.filter { $0.state != login.state }
      if let oldest = others.oldestOfTheMost { memory.federatedLogins[oldest] = nil }
    }
  }

  /// See `LoginSessionStore`.
  public func consumeFederatedLogin(_ state: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> FederatedLogin?
  {
    try access { memory in
      memory.federatedLogins.removeValue(forKey: state).flatMap { $0.expiresAt > now ? $0 : nil }
    }
  }

  /// See `LoginSessionStore`.
  public func removeExpiredLogins(at now: Timestamp) async throws(StoreError) {
    try access { state in
      state.loginSessions = state.loginSessions.filter { $0.value.expiresAt > now }
      state.federatedLogins = state.federatedLogins.filter { $0.value.expiresAt > now }
    }
  }
}

extension [FederatedLogin] {
  /// The oldest login of the network that has the most.
  fileprivate var oldestOfTheMost: ArtefactDigest? {
    let held: [[FederatedLogin]] = Dictionary(grouping: self, by: \.network).values.map { logins in
      logins.sorted { left, right in left.expiresAt < right.expiresAt }
    }
    return held.min { left, right in
      left.count != right.count ? left.count > right.count : left[0].expiresAt < right[0].expiresAt
    }?.first?.state
  }
}
