import StrictCoding

/// What a user lets a job (a service account) do for them: some servers and tools of theirs, for a time.
public struct Delegation: Hashable, Sendable {
  /// Its id; a grant in revocations and limits.
  public var id: DelegationID
  /// The tenant of both.
  public var tenant: TenantID
  /// Who lets.
  public var user: UserID
  /// Whom: a service account.
  public var job: UserID
  /// The servers, never none.
  public var servers: Set<ServerName>
  /// The tools, by name; `nil` for all that the user may call.
  public var tools: [ToolPattern]?
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp
  /// When it was taken back.
  public var revokedAt: Timestamp?

  /// Describes a delegation.
  public init(
    id: DelegationID, tenant: TenantID, user: UserID, job: UserID, servers: Set<ServerName>, tools: [ToolPattern]?,
    createdAt: Timestamp, expiresAt: Timestamp, revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.tenant = tenant
    self.user = user
    self.job = job
    self.servers = servers
    self.tools = tools
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }

  /// Whether it lets anything.
  public func isLive(at now: Timestamp) -> Bool { revokedAt == nil && expiresAt > now }

  /// The grant that calls under it belong to.
  public var grant: GrantID { GrantID(id.value) }

  /// The row that ends what was begun under it.
  public func revocation(at now: Timestamp) -> Revocation {
    Revocation(
      target: .grant(grant), issuedUntil: .distantFuture, expiresAt: max(expiresAt, now) + .seconds(3600))
  }
}

/// For whom a key acts that isn't its owner's own: what a principal carries of a delegation.
public struct PrincipalDelegation: Hashable, Sendable {
  /// The delegation.
  public let id: DelegationID
  /// The service account.
  public let job: UserID
  /// What the service account is called.
  public let jobName: String
  /// What the trail calls the user.
  public let userName: String

  /// Takes over what a principal needs.
  public init(_ delegation: Delegation, job: User, user: User) {
    id = delegation.id
    self.job = job.id
    jobName = job.accountName ?? job.id.string
    userName = user.trailName
  }
}
