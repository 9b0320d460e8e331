import MartletDomain
import StrictCoding

extension MemoryStore {
  /// See `AuthorizationStore`.
  public func beginAuthorization(
    _ pending: PendingAuthorization, capacity: Int
  ) async throws(StoreError) -> PendingAuthorization {
    try access { state in
      if let known = state.pending[pending.id], known.expiresAt > pending.createdAt { return known }
      state.pending[pending.id] = pending
      state.makeRoomForAuthorizations(capacity, at: pending.createdAt)
      return pending
    }
  }

  /// See `AuthorizationStore`.
  public func noteLogin(for id: TransactionID, at now: Timestamp, capacity: Int) async throws(StoreError) {
    try access { state in
      guard let pending = state.pending[id], pending.loggedInAt == nil else { return }
      state.pending[id]?.loggedInAt = now
      state.makeRoomForAuthorizations(capacity, at: now)
    }
  }

  /// See `AuthorizationStore`.
  public func pendingAuthorization(_ id: TransactionID, at now: Timestamp) async throws(StoreError)
    -> PendingAuthorization?
  {
    try access { state in state.pending[id].flatMap { $0.expiresAt > now ? $0 : nil } }
  }

  /// See `AuthorizationStore`.
  public func completeAuthorization(
    _ id: TransactionID, sealedOutcome: [UInt8], code: AuthorizationCode?, consent: Consent?, at now: Timestamp
  ) async throws(StoreError) -> AuthorizationCompletion {
    try access { state in
      guard let pending = state.pending[id], pending.expiresAt > now else { return .gone }
      if let outcome = pending.sealedOutcome { return .alreadyCompleted(sealedOutcome: outcome) }
      state.pending[id]?.sealedOutcome = sealedOutcome
      if let code { state.codes[code.digest] = .init(code: code) }
      if let consent { state.remember(consent) }
      return .completed
    }
  }

  /// See `AuthorizationStore`.
  public func authorizationCode(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> AuthorizationCode?
  {
    try access { state in state.codes[digest].flatMap { $0.code.expiresAt > now ? $0.code : nil } }
  }

  /// See `AuthorizationStore`.
  public func redeemAuthorizationCode(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken?, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption {
    try access { state in
      guard let stored = state.codes[digest], stored.code.expiresAt > now else { return .gone }
      if stored.isSpent {
        _ = state.revokeFamilies(at: now) { $0.grant == stored.code.grant }
        return .alreadyRedeemed(stored.code.grant)
      }
      state.codes[digest]?.isSpent = true
      state.families[family.grant] = family
      if let token { state.tokens[token.digest] = .init(token: token) }
      state.noteClientUse(family.client, at: now)
      return .redeemed
    }
  }

  /// See `AuthorizationStore`.
  public func consent(
    tenant: TenantID, user: UserID, client: ClientID, route: RouteID, redirectHost: String, browser: ArtefactDigest
  ) async throws(StoreError) -> Consent? {
    let key = MemoryStoreState.ConsentKey(
      tenant: tenant, user: user, client: client, route: route, redirectHost: ByteString(redirectHost),
      browser: browser)
    return try access { $0.consents[key] }
  }

  /// See `AuthorizationStore`.
  public func forgetConsents(tenant: TenantID, user: UserID, client: ClientID?) async throws(StoreError) {
    try access { state in
      state.consents = state.consents.filter { key, _ in
        key.tenant != tenant || key.user != user || (client != nil && key.client != client)
      }
    }
  }

  /// See `AuthorizationStore`.
  public func rememberAssertion(of client: ClientID, id: [UInt8], until expiry: Timestamp) async throws(StoreError)
    -> Bool
  {
    try access { state in
      let key = MemoryStoreState.AssertionKey(client: client, id: id)
      guard state.assertions[key] == nil else { return false }
      state.assertions[key] = expiry
      return true
    }
  }

  /// See `AuthorizationStore`.
  public func removeExpiredAuthorizations(at now: Timestamp) async throws(StoreError) {
    try access { state in
      state.pending = state.pending.filter { $0.value.expiresAt > now }
      state.codes = state.codes.filter { $0.value.code.expiresAt > now }
      state.devices = state.devices.filter { $0.value.device.expiresAt + DevicePace.memory > now }
      state.assertions = state.assertions.filter { $0.value > now }
    }
  }
}

extension MemoryStoreState {
  fileprivate mutating func makeRoomForAuthorizations(_ capacity: Int, at now: Timestamp) {
    let strangers = pending.values.filter { $0.loggedInAt == nil }
    let loggedIn = pending.values.filter { $0.loggedInAt != nil }
    guard max(strangers.count, loggedIn.count) > capacity else { return }
    let living = pending.filter { $0.value.expiresAt > now }
    if living.count < pending.count {
      pending = living
      return makeRoomForAuthorizations(capacity, at: now)
    }
    for id in [
      strangers.oldestOfTheMost(beyond: capacity) { $0.network.bytes },
      loggedIn.oldestOfTheMost(beyond: capacity) { $0.browser.bytes },
    ] { if let id { pending[id] = nil } }
  }

  fileprivate mutating func remember(_ consent: Consent) {
    let key = ConsentKey(
      tenant: consent.tenant, user: consent.user, client: consent.client, route: consent.route,
      redirectHost: ByteString(consent.redirectHost), browser: consent.browser)
    var merged = consent
    if let known = consents[key] { merged.scope = known.scope.union(consent.scope) }
    consents[key] = merged
  }
}

extension [PendingAuthorization] {
  /// The oldest of the holder that has the most of them; nil where there are no more than allowed.
  fileprivate func oldestOfTheMost(beyond capacity: Int, holder: (PendingAuthorization) -> [UInt8]) -> TransactionID? {
    guard count > capacity else { return nil }
    let held = Dictionary(grouping: self, by: holder).mapValues { held in
      held.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }
    return held.values.min { left, right in
      left.count != right.count ? left.count > right.count : left[0].createdAt < right[0].createdAt
    }?.first?.id
  }
}
