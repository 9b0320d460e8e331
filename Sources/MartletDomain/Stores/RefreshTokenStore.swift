/// Keeps refresh families. Each method is one atomic intent (invariant 4).
public protocol RefreshTokenStore: Sendable {
  /// A token as stored; reading changes nothing.
  func refreshToken(_ digest: ArtefactDigest) async throws(StoreError) -> KnownRefreshToken?

  /// Exchanges a token for its successor: one successor, whatever happens at once.
  ///
  /// In one transaction: an unknown token, or one of another client, is `.unknown`; a revoked family is `.revoked`; an
  /// ended token or family is `.expired`; the newest token becomes the predecessor, its successor and sealed reply are
  /// stored, and the sealed reply of *its* predecessor is dropped (`.rotated`); the predecessor within the window whose
  /// successor is unused is `.replayed`; any other spent token is `.reused`, which revokes the family in the same
  /// transaction when the policy says so.
  func rotateRefreshToken(_ rotation: RefreshRotation) async throws(StoreError) -> RefreshRotationOutcome

  /// The family of a grant.
  func refreshFamily(_ grant: GrantID) async throws(StoreError) -> RefreshFamily?

  /// Ends families, and with them, in one transaction, the authorization and device codes that nobody has redeemed yet:
  /// what was allowed before doesn't begin a family afterwards.
  ///
  /// - Parameters:
  ///   - target: A grant, a user, a client, a tenant or a route; an access token ends nothing here.
  ///   - now: The time.
  /// - Returns: The grants that were ended now.
  func revokeFamilies(_ target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> [GrantID]

  /// Grants that can still be refreshed, ordered by id.
  ///
  /// - Parameters:
  ///   - tenant: Whose; `nil` for all.
  ///   - now: The time.
  func liveGrants(tenant: TenantID?, at now: Timestamp) async throws(StoreError) -> [LiveGrant]

  /// Removes families that ended or were revoked before a time, with their tokens, and sealed replies whose window is
  /// over.
  func removeEndedFamilies(before time: Timestamp) async throws(StoreError)
}

/// A grant that can still be refreshed.
public struct LiveGrant: Sendable, Hashable {
  /// The grant.
  public var family: RefreshFamily
  /// When its newest token was issued; `nil` where it has none.
  public var lastIssuedAt: Timestamp?

  /// Pairs a grant with its newest token.
  public init(family: RefreshFamily, lastIssuedAt: Timestamp?) {
    self.family = family
    self.lastIssuedAt = lastIssuedAt
  }
}
