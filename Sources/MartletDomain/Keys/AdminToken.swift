/// What the bearer of an admin token may do in the admin API.
public enum AdminRole: String, Sendable, CaseIterable {
  /// Everything, in every tenant.
  case admin
  /// Reads everything, changes nothing.
  case auditor
  /// Everything, in one tenant.
  case tenantAdmin = "tenant-admin"
}

/// A bearer of the admin API as a store keeps it: everything but the bearer itself.
public struct AdminToken: Hashable, Sendable {
  /// The part of the token that finds this record.
  public var id: AdminTokenID
  /// What it may do.
  public var role: AdminRole
  /// The only tenant that it sees; `nil` for all.
  public var tenant: TenantID?
  /// What is kept of the token itself.
  public var digest: ArtefactDigest
  /// Its last four characters.
  public var lastFour: String
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp
  /// When it was taken away.
  public var revokedAt: Timestamp?
  /// How long it may lie unused; `nil` for as long as it lives.
  public var idleLimit: Duration?
  /// When it was last used, to within a part of the idle limit; `nil` for never.
  public var lastUsedAt: Timestamp?

  /// Describes a token.
  public init(
    id: AdminTokenID, role: AdminRole, tenant: TenantID?, digest: ArtefactDigest, lastFour: String,
    createdAt: Timestamp, expiresAt: Timestamp, revokedAt: Timestamp? = nil, idleLimit: Duration? = nil,
    lastUsedAt: Timestamp? = nil
  ) {
    self.id = id
    self.role = role
    self.tenant = tenant
    self.digest = digest
    self.lastFour = lastFour
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.idleLimit = idleLimit
    self.lastUsedAt = lastUsedAt
  }

  /// Whether it opens anything.
  public func isLive(at now: Timestamp) -> Bool { revokedAt == nil && expiresAt > now && !isIdle(at: now) }

  /// Whether it lay unused for too long (N-30).
  public func isIdle(at now: Timestamp) -> Bool {
    idleLimit.map { (lastUsedAt ?? createdAt) + $0 <= now } ?? false
  }
}
