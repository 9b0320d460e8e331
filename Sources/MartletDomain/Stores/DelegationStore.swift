/// Which delegations are asked for.
public struct DelegationFilter: Sendable, Hashable {
  /// Whose tenant; `nil` for all.
  public var tenant: TenantID?
  /// By whom; `nil` for all.
  public var user: UserID?
  /// To which job; `nil` for all.
  public var job: UserID?
  /// Only those that let something at that time; `nil` for ended ones too.
  public var liveAt: Timestamp?

  /// Describes what is asked for.
  public init(tenant: TenantID? = nil, user: UserID? = nil, job: UserID? = nil, liveAt: Timestamp? = nil) {
    self.tenant = tenant
    self.user = user
    self.job = job
    self.liveAt = liveAt
  }
}

/// Keeps what users let jobs do for them.
public protocol DelegationStore: Sendable {
  /// Stores a delegation, unless its user has so many live ones already.
  ///
  /// - Returns: Whether it was stored.
  func createDelegation(_ delegation: Delegation, capacity: Int) async throws(StoreError) -> Bool

  /// The delegation of that id, ended or not.
  func delegation(_ id: DelegationID) async throws(StoreError) -> Delegation?

  /// Delegations, ordered by id.
  func delegations(_ filter: DelegationFilter) async throws(StoreError) -> [Delegation]

  /// Takes delegations back.
  ///
  /// - Returns: The rows of the revocation table that end what was begun under them; they are stored.
  func revokeDelegations(_ ids: [DelegationID], at now: Timestamp) async throws(StoreError) -> [Revocation]

  /// Takes a server out of every live delegation and key that reaches it; what reached nothing else ends.
  ///
  /// - Parameters:
  ///   - server: The server.
  ///   - others: The other servers, which a key for all servers reaches from then on.
  ///   - now: The time.
  /// - Returns: The rows that end what ended, which are stored, and how much was narrowed.
  func withdrawServer(_ server: ServerName, leaving others: Set<ServerName>, at now: Timestamp)
    async throws(StoreError) -> ServerWithdrawal
}

/// What became of keys and delegations when a server was taken out of them.
public struct ServerWithdrawal: Sendable, Hashable {
  /// The rows that end what reached nothing else.
  public var rows: [Revocation] = []
  /// Keys that ended.
  public var endedKeys = 0
  /// Delegations that ended.
  public var endedDelegations = 0
  /// Keys and delegations that go on for other servers.
  public var narrowed = 0

  /// Nothing.
  public init() {}
}
