/// How finishing a pending authorization went.
public enum AuthorizationCompletion: Sendable, Hashable {
  /// Finished now.
  case completed
  /// Finished before: the sealed outcome of that time.
  case alreadyCompleted(sealedOutcome: [UInt8])
  /// Not there, or ended.
  case gone
}

/// How redeeming a code went.
public enum CodeRedemption: Sendable, Hashable {
  /// The code was spent now, and the family stored.
  case redeemed
  /// It had been spent before; the grant that it began is named, and was revoked with this call.
  case alreadyRedeemed(GrantID)
  /// Not there, or ended.
  case gone
}

/// Keeps authorizations on their way from request to code to first token.
public protocol AuthorizationStore: Sendable {
  /// Stores a pending authorization, or answers the one with the same id.
  ///
  /// Anybody can begin one, so there is room for so many only, and nobody can take another's place: where those that
  /// nobody has logged in for are too many, the oldest of the network that has the most of them goes; where those with
  /// a login are, the oldest of the browser that has the most. The one that just began never goes.
  ///
  /// - Parameters:
  ///   - pending: What to store.
  ///   - capacity: How many of each kind are kept, at least 1.
  /// - Returns: What is stored now.
  func beginAuthorization(
    _ pending: PendingAuthorization, capacity: Int
  ) async throws(StoreError) -> PendingAuthorization

  /// Notes that the user of a pending authorization has logged in, so that no stranger can push it out. Does nothing
  /// when that was noted before.
  ///
  /// - Parameters:
  ///   - id: Which one.
  ///   - now: The time.
  ///   - capacity: As for `beginAuthorization`.
  func noteLogin(for id: TransactionID, at now: Timestamp, capacity: Int) async throws(StoreError)

  /// The pending authorization of that id, also when finished; `nil` once it has expired.
  func pendingAuthorization(_ id: TransactionID, at now: Timestamp) async throws(StoreError) -> PendingAuthorization?

  /// Finishes a pending authorization exactly once: stores outcome, code and consent together.
  ///
  /// - Parameters:
  ///   - id: Which one.
  ///   - sealedOutcome: The redirect to repeat when the page is submitted again.
  ///   - code: The code to store; `nil` when the user refused.
  ///   - consent: What to remember; merged with what was agreed to before.
  ///   - now: The time.
  func completeAuthorization(
    _ id: TransactionID, sealedOutcome: [UInt8], code: AuthorizationCode?, consent: Consent?, at now: Timestamp
  ) async throws(StoreError) -> AuthorizationCompletion

  /// A code as stored, spent or not; reading changes nothing.
  func authorizationCode(_ digest: ArtefactDigest, at now: Timestamp) async throws(StoreError) -> AuthorizationCode?

  /// Spends a code exactly once and begins its family in the same step; a second use revokes the family (N-09).
  ///
  /// - Parameters:
  ///   - digest: Which code.
  ///   - family: The family to begin.
  ///   - token: Its first refresh token; `nil` where policy issues none.
  ///   - now: The time.
  func redeemAuthorizationCode(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken?, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption

  /// The consent that covers this user, client, route and redirect host in this browser.
  func consent(
    tenant: TenantID, user: UserID, client: ClientID, route: RouteID, redirectHost: String, browser: ArtefactDigest
  ) async throws(StoreError) -> Consent?

  /// Forgets a user's consents, for one client or for all.
  func forgetConsents(tenant: TenantID, user: UserID, client: ClientID?) async throws(StoreError)

  /// Remembers the id of a client's assertion (RFC 7523 §3, `jti`) until it has expired.
  ///
  /// - Returns: `false` when it was seen before: a replay.
  func rememberAssertion(of client: ClientID, id: [UInt8], until expiry: Timestamp) async throws(StoreError) -> Bool

  /// Removes what has expired. Never a refresh family or token that could still be used.
  func removeExpiredAuthorizations(at now: Timestamp) async throws(StoreError)
}
