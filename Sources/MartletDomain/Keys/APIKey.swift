import StrictCoding

/// An API key as a store keeps it: everything but the key.
public struct APIKey: Hashable, Sendable {
  /// The part of the key that finds this record.
  public var id: APIKeyID
  /// What the key and its predecessors and successors by rotation have in common: sessions and limits go by it.
  public var series: KeySeriesID
  /// The tenant.
  public var tenant: TenantID
  /// Whose it is; `nil` for a key that acts for itself.
  public var owner: UserID?
  /// What its owner calls it; one series of an owner has a name at a time.
  public var name: String
  /// What is kept of the key itself.
  public var digest: ArtefactDigest
  /// The key's last four characters.
  public var lastFour: String
  /// What it is good for.
  public var scope: KeyScope
  /// The delegation under which it acts for a user; `nil` where it acts for its owner.
  public var delegation: DelegationID?
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ends; rotation brings it forward to the end of the grace.
  public var expiresAt: Timestamp
  /// When a successor took its place.
  public var rotatedAt: Timestamp?
  /// When it was taken away.
  public var revokedAt: Timestamp?
  /// When it was last used, to within a minute.
  public var lastUsedAt: Timestamp?

  /// Describes a key.
  public init(
    id: APIKeyID, series: KeySeriesID, tenant: TenantID, owner: UserID?, name: String, digest: ArtefactDigest,
    lastFour: String, scope: KeyScope, createdAt: Timestamp, expiresAt: Timestamp, rotatedAt: Timestamp? = nil,
    revokedAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil, delegation: DelegationID? = nil
  ) {
    self.id = id
    self.series = series
    self.tenant = tenant
    self.owner = owner
    self.name = name
    self.digest = digest
    self.lastFour = lastFour
    self.scope = scope
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.rotatedAt = rotatedAt
    self.revokedAt = revokedAt
    self.lastUsedAt = lastUsedAt
    self.delegation = delegation
  }

  /// Whether it opens anything.
  public func isLive(at now: Timestamp) -> Bool { revokedAt == nil && expiresAt > now }

  /// Who acts where the key is used: its owner, or the key itself.
  public var subject: ByteString { owner?.value ?? client.value }

  /// The client that it stands for in sessions, limits and the trail: the same for the whole series.
  public var client: ClientID { ClientID("key_" + series.string) }

  /// The row that ends what was begun with this key. Its credential is never accepted again, so clocks needn't agree.
  ///
  /// - Parameters:
  ///   - end: From when on.
  ///   - now: The time.
  public func revocation(from end: Timestamp, at now: Timestamp) -> Revocation {
    Revocation(
      target: .accessToken(id.credentialID), issuedUntil: .distantFuture, effectiveAt: end > now ? end : nil,
      expiresAt: max(end, now) + Revocation.coverage)
  }

  /// How long processes may go by what they know of a key before they look again; a row outlives that by far.
  public static let recheck: Duration = .seconds(300)
}

extension Identifier where Kind == IdentifierKind.APIKey {
  /// What stands for the key where an access token has its `jti`.
  public var credentialID: ByteString { ByteString(Array("mrt_key_".utf8) + value.bytes) }
}

/// What a principal tells of the key that it came with.
public struct PrincipalKey: Hashable, Sendable {
  /// This very key.
  public let id: APIKeyID
  /// The key with its predecessors and successors: what limits count by.
  public let series: KeySeriesID
  /// What its owner calls it.
  public let name: String
  /// What it is good for; of a delegation, what both admit.
  public let scope: KeyScope
  /// For whom it acts, where that isn't its owner.
  public let delegation: PrincipalDelegation?

  /// Takes over what a principal needs.
  public init(_ key: APIKey) {
    id = key.id
    series = key.series
    name = key.name
    scope = key.scope
    delegation = nil
  }

  /// Takes over what a principal needs of a key that acts for a user.
  public init(_ key: APIKey, under delegation: Delegation, job: User, user: User) {
    id = key.id
    series = key.series
    name = key.name
    scope = key.scope.within(delegation)
    self.delegation = PrincipalDelegation(delegation, job: job, user: user)
  }

  /// The key as the trail names it: with the job, and for whom it acts.
  public var trailName: String {
    delegation.map { "\(name): job \($0.jobName) for user \($0.userName)" } ?? name
  }
}
