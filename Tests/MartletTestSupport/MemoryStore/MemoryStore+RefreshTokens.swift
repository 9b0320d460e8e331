import MartletDomain

extension MemoryStore {
  /// See `RefreshTokenStore`.
  public func refreshToken(_ digest: ArtefactDigest) async throws(StoreError) -> KnownRefreshToken? {
    try access { state in
      guard let stored = state.tokens[digest], let family = state.families[stored.token.grant] else { return nil }
      return KnownRefreshToken(token: stored.token, family: family, rotatedAt: stored.rotatedAt)
    }
  }

  /// See `RefreshTokenStore`.
  public func rotateRefreshToken(_ rotation: RefreshRotation) async throws(StoreError) -> RefreshRotationOutcome {
    try access { $0.rotate(rotation) }
  }

  /// See `RefreshTokenStore`.
  public func refreshFamily(_ grant: GrantID) async throws(StoreError) -> RefreshFamily? {
    try access { $0.families[grant] }
  }

  /// See `RefreshTokenStore`.
  public func revokeFamilies(_ target: RevocationTarget, at now: Timestamp) async throws(StoreError) -> [GrantID] {
    try access { state in
      state.removeUnredeemed(target)
      return switch target {
      case .accessToken: []
      case .grant(let grant): state.revokeFamilies(at: now) { $0.grant == grant }
      case .user(let tenant, let user): state.revokeFamilies(at: now) { $0.tenant == tenant && $0.user == user }
      case .client(let client): state.revokeFamilies(at: now) { $0.client == client }
      case .tenant(let tenant): state.revokeFamilies(at: now) { $0.tenant == tenant }
      case .route(let route): state.revokeFamilies(at: now) { $0.route == route }
      }
    }
  }

  /// See `RefreshTokenStore`.
  public func liveGrants(tenant: TenantID?, at now: Timestamp) async throws(StoreError) -> [LiveGrant] {
    try access { state in
      state.families.values.filter { family in
        family.revokedAt == nil && family.expiresAt > now && (tenant.map { $0 == family.tenant } ?? true)
      }.sorted { $0.grant < $1.grant }.map { family in
        LiveGrant(
          family: family,
          lastIssuedAt: state.tokens.values.filter { $0.token.grant == family.grant }.map(\.token.issuedAt).max())
      }
    }
  }

  /// See `RefreshTokenStore`.
  public func removeEndedFamilies(before time: Timestamp) async throws(StoreError) {
    try access { state in
      state.families = state.families.filter { _, family in
        family.expiresAt >= time && (family.revokedAt.map { $0 >= time } ?? true)
      }
      let families = state.families
      state.tokens = state.tokens.filter { families[$0.value.token.grant] != nil }
      for (digest, stored) in state.tokens {
        if let end = stored.replayUntil, end < time { state.tokens[digest]?.sealedReply = nil }
      }
    }
  }
}

extension MemoryStoreState {
  fileprivate mutating func removeUnredeemed(_ target: RevocationTarget) {
    func isMeant(_ tenant: TenantID, _ user: UserID, _ client: ClientID, _ route: RouteID) -> Bool {
      switch target {
      case .accessToken, .grant: false
      case .user(let itsTenant, let its): tenant == itsTenant && user == its
      case .client(let its): client == its
      case .tenant(let its): tenant == its
      case .route(let its): route == its
      }
    }
    codes = codes.filter { _, stored in
      let code = stored.code
      return stored.isSpent || !isMeant(code.tenant, code.user, code.client, code.route)
    }
    devices = devices.filter { _, stored in
      guard !stored.isSpent, case .allowed(let tenant, let user, let route, _)? = stored.device.decision else {
        return true
      }
      return !isMeant(tenant, user, stored.device.client, route)
    }
  }

  mutating func revokeFamilies(at now: Timestamp, where isMeant: (RefreshFamily) -> Bool) -> [GrantID] {
    let grants = families.values.filter { $0.revokedAt == nil && isMeant($0) }.map(\.grant).sorted()
    for grant in grants { families[grant]?.revokedAt = now }
    return grants
  }

  fileprivate mutating func rotate(_ rotation: RefreshRotation) -> RefreshRotationOutcome {
    guard let stored = tokens[rotation.presented], let family = families[stored.token.grant],
      family.client == rotation.client
    else { return .unknown }
    if family.revokedAt != nil { return .revoked }
    if family.expiresAt <= rotation.now { return .expired }
    guard stored.rotatedAt != nil else {
      if stored.token.expiresAt <= rotation.now { return .expired }
      succeed(stored, by: rotation)
      return .rotated
    }
    if let reply = stored.sealedReply, let end = stored.replayUntil, rotation.now < end,
      let successor = stored.successor, let next = tokens[successor], next.rotatedAt == nil
    {
      return .replayed(sealedReply: reply, successor: successor)
    }
    guard rotation.reuse == .revokeFamily else { return .reused(family.grant, familyRevoked: false) }
    families[family.grant]?.revokedAt = rotation.now
    return .reused(family.grant, familyRevoked: true)
  }

  private mutating func succeed(_ stored: StoredToken, by rotation: RefreshRotation) {
    var spent = stored
    spent.rotatedAt = rotation.now
    spent.successor = rotation.successor.digest
    spent.sealedReply = rotation.replayWindow > .zero ? rotation.sealedReply : nil
    spent.replayUntil = rotation.now + rotation.replayWindow
    tokens[rotation.presented] = spent
    var successor = rotation.successor
    successor.grant = stored.token.grant
    successor.generation = stored.token.generation + 1
    tokens[successor.digest] = .init(token: successor)
    if let predecessor = tokens.first(where: { $0.value.successor == rotation.presented })?.key {
      tokens[predecessor]?.sealedReply = nil
    }
  }
}
