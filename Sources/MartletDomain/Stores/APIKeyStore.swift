/// A key with whoever it acts for, as they are at one moment.
public struct KnownAPIKey: Sendable, Hashable {
  /// The key.
  public var key: APIKey
  /// Its owner; `nil` for a key that acts for itself, or whose owner is gone.
  public var owner: User?
  /// The delegation under which it acts.
  public var delegation: Delegation?
  /// Who delegated.
  public var delegator: User?
  /// How the key's tenant stands.
  public var tenant: TenantState

  /// Puts a key together with whom it acts for.
  public init(
    key: APIKey, owner: User?, delegation: Delegation? = nil, delegator: User? = nil, tenant: TenantState = .active
  ) {
    self.key = key
    self.owner = owner
    self.delegation = delegation
    self.delegator = delegator
    self.tenant = tenant
  }
}

/// Which keys are asked for.
public struct APIKeyFilter: Sendable, Hashable {
  /// Whose tenant; `nil` for all.
  public var tenant: TenantID?
  /// Whose; `nil` for all, those that act for themselves included.
  public var owner: UserID?
  /// Under that delegation; `nil` for all.
  public var delegation: DelegationID?
  /// Of that name; `nil` for all.
  public var name: String?
  /// Only those that open something at that time; `nil` for ended ones too.
  public var liveAt: Timestamp?
  /// Only those behind this id.
  public var after: APIKeyID?
  /// At most so many.
  public var limit: Int

  /// Describes what is asked for.
  public init(
    tenant: TenantID? = nil, owner: UserID? = nil, name: String? = nil, liveAt: Timestamp? = nil,
    after: APIKeyID? = nil, limit: Int = .max, delegation: DelegationID? = nil
  ) {
    self.tenant = tenant
    self.owner = owner
    self.name = name
    self.liveAt = liveAt
    self.after = after
    self.limit = limit
    self.delegation = delegation
  }
}

/// How a rotation went.
public enum APIKeyRotation: Sendable, Hashable {
  /// The successor stands; these rows end its predecessors, and are stored.
  case rotated([Revocation])
  /// The key isn't the newest of its series any more, or has ended.
  case gone
}

/// Keeps API keys. What ends a key is stored together with the rows that make every process stop accepting it.
public protocol APIKeyStore: Sendable {
  /// A key with its owner, ended or not.
  func apiKey(_ id: APIKeyID) async throws(StoreError) -> KnownAPIKey?

  /// Stores a key, unless its owner has a live one of that name in another series. Where all of that name have ended,
  /// the name is free.
  ///
  /// - Returns: Whether it was stored.
  func createAPIKey(_ key: APIKey) async throws(StoreError) -> Bool

  /// Stores the successor of a key. The key goes on until the end of the grace; one that was in its grace already ends
  /// now, so that at most two are good at a time.
  ///
  /// - Parameters:
  ///   - id: The newest key of its series, live.
  ///   - successor: The new key, of the same series.
  ///   - graceEnd: Until when the predecessor is accepted; never later than it was before.
  func rotateAPIKey(_ id: APIKeyID, to successor: APIKey, graceEnd: Timestamp) async throws(StoreError)
    -> APIKeyRotation

  /// Ends every key of some series.
  ///
  /// - Returns: The rows that end them, stored; none where nothing was live.
  func revokeAPIKeys(_ series: [KeySeriesID], at now: Timestamp) async throws(StoreError) -> [Revocation]

  /// Keys, ordered by id.
  func apiKeys(_ filter: APIKeyFilter) async throws(StoreError) -> [APIKey]

  /// Notes use; never moves a time back.
  func noteAPIKeyUse(_ uses: [APIKeyID: Timestamp]) async throws(StoreError)

  /// Removes keys that ended before a time.
  func removeEndedAPIKeys(before time: Timestamp) async throws(StoreError)
}
