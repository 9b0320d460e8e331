import MartletDomain

/// What every `RefreshTokenStore` must do, one exchange at a time.
public enum RefreshTokenStoreContract {
  /// Exchanging goes on along the chain; family and token come back as stored.
  public static func rotationFollowsTheChain(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (family, first) = try await sample.storeFamily(in: store)
    var presented = first.digest
    for step in 1...10 {
      let rotation = sample.rotation(of: presented, in: family, at: sample.now + .seconds(Int64(step) * 3600))
      try expect(try await store.rotateRefreshToken(rotation), is: .rotated)
      try expect(try await store.refreshToken(presented)?.rotatedAt, is: rotation.now)
      presented = rotation.successor.digest
      let known = try await store.refreshToken(presented)
      try expect(known?.token.generation, is: step + 1)
      try expect(known?.token.expiresAt, is: rotation.successor.expiresAt)
      try expect(known?.family, is: family)
      try expect(known?.rotatedAt, is: nil)
    }
    try expect(try await store.refreshToken(sample.digest()), is: nil)
    try expect(try await store.refreshFamily("none"), is: nil)
  }

  /// A lost reply is given again, the very same, until the window ends. The window begins at the exchange, not
  /// at a replay.
  public static func lostReplyIsRepeated(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let rounds = TestCounts.pick(reduced: 200, full: 10_000)
    for _ in 0..<rounds {
      let (family, first) = try await sample.storeFamily(in: store)
      let rotation = sample.rotation(of: first.digest, in: family, at: sample.now)
      try expect(try await store.rotateRefreshToken(rotation), is: .rotated)
      for delay in [Duration.zero, .seconds(60), .milliseconds(119_999)] {
        let retry = sample.rotation(of: first.digest, in: family, at: sample.now + delay)
        try expect(
          try await store.rotateRefreshToken(retry),
          is: .replayed(sealedReply: rotation.sealedReply, successor: rotation.successor.digest))
        try expect(try await store.refreshToken(retry.successor.digest), is: nil, "no second successor")
      }
      let next = sample.rotation(of: rotation.successor.digest, in: family, at: sample.now + .seconds(119))
      try expect(try await store.rotateRefreshToken(next), is: .rotated)
    }
    TestCounts.prove("R-21", count: rounds)
  }

  /// Two generations back is reuse, inside the window too.
  public static func olderGenerationIsReuse(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (family, first) = try await sample.storeFamily(in: store)
    let second = sample.rotation(of: first.digest, in: family, at: sample.now)
    _ = try await store.rotateRefreshToken(second)
    let third = sample.rotation(of: second.successor.digest, in: family, at: sample.now + .seconds(1))
    _ = try await store.rotateRefreshToken(third)
    let replay = sample.rotation(of: first.digest, in: family, at: sample.now + .seconds(2))
    try expect(try await store.rotateRefreshToken(replay), is: .reused(family.grant, familyRevoked: true))
    try expect(try await store.refreshFamily(family.grant)?.revokedAt, is: replay.now)
    let newest = sample.rotation(of: third.successor.digest, in: family, at: sample.now + .seconds(3))
    try expect(try await store.rotateRefreshToken(newest), is: .revoked)
    try expect(try await store.rotateRefreshToken(replay), is: .revoked)
  }

  /// After the window a spent token is reuse; without a window always.
  public static func replayAfterTheWindowIsReuse(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    for (window, delay) in [(Duration.seconds(120), Duration.seconds(120)), (.zero, .zero), (.seconds(-5), .zero)] {
      let (family, first) = try await sample.storeFamily(in: store)
      _ = try await store.rotateRefreshToken(
        sample.rotation(of: first.digest, in: family, at: sample.now, window: window))
      // A window that the configuration widened later doesn't reopen what was closed.
      let replay = sample.rotation(of: first.digest, in: family, at: sample.now + delay, window: .seconds(9999))
      try expect(try await store.rotateRefreshToken(replay), is: .reused(family.grant, familyRevoked: true))
    }
  }

  /// Another client learns nothing and ends nothing (R-23, V-050f).
  public static func anotherClientIsUnknown(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (family, first) = try await sample.storeFamily(in: store)
    let thief = sample.rotation(of: first.digest, in: family, at: sample.now, client: "thief")
    try expect(try await store.rotateRefreshToken(thief), is: .unknown)
    let rotation = sample.rotation(of: first.digest, in: family, at: sample.now)
    try expect(try await store.rotateRefreshToken(rotation), is: .rotated)
    try expect(try await store.rotateRefreshToken(thief), is: .unknown)
    try expect(
      try await store.rotateRefreshToken(sample.rotation(of: sample.digest(), in: family, at: sample.now)), is: .unknown
    )
    try expect(try await store.refreshFamily(family.grant), is: family)
  }

  /// Where policy only refuses, the family lives on.
  public static func refusingKeepsTheFamily(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (family, first) = try await sample.storeFamily(in: store)
    let rotation = sample.rotation(of: first.digest, in: family, at: sample.now, reuse: .refuse)
    _ = try await store.rotateRefreshToken(rotation)
    let replay = sample.rotation(of: first.digest, in: family, at: sample.now + .seconds(121), reuse: .refuse)
    try expect(try await store.rotateRefreshToken(replay), is: .reused(family.grant, familyRevoked: false))
    let next = sample.rotation(of: rotation.successor.digest, in: family, at: sample.now + .seconds(122))
    try expect(try await store.rotateRefreshToken(next), is: .rotated)
  }

  /// Idle and absolute lifetimes end a token; a spent one was used, so only its family's end is its own.
  public static func lifetimesEnd(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (family, first) = try await sample.storeFamily(in: store)
    let late = sample.rotation(of: first.digest, in: family, at: first.expiresAt)
    try expect(try await store.rotateRefreshToken(late), is: .expired)
    let lastMoment = sample.rotation(of: first.digest, in: family, at: first.expiresAt - .milliseconds(1))
    try expect(try await store.rotateRefreshToken(lastMoment), is: .rotated)
    let retry = sample.rotation(of: first.digest, in: family, at: first.expiresAt + .seconds(5))
    try expect(
      try await store.rotateRefreshToken(retry),
      is: .replayed(sealedReply: lastMoment.sealedReply, successor: lastMoment.successor.digest))
    let end = sample.rotation(of: lastMoment.successor.digest, in: family, at: family.expiresAt)
    try expect(try await store.rotateRefreshToken(end), is: .expired)
    try expect(
      try await store.rotateRefreshToken(sample.rotation(of: first.digest, in: family, at: family.expiresAt)),
      is: .expired)
    try expect(try await store.refreshFamily(family.grant), is: family)
  }

  /// What was allowed before a revocation begins nothing after it; what was redeemed stays known, so that a second use
  /// is noticed.
  public static func unredeemedCodesEndWithFamilies(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var codes: [AuthorizationCode] = []
    for _ in 0..<4 {
      let pending = sample.pending()
      let code = sample.code(for: pending)
      _ = try await store.beginAuthorization(pending)
      _ = try await store.completeAuthorization(
        pending.id, sealedOutcome: [1], code: code, consent: nil, at: sample.now)
      codes.append(code)
    }
    let redeemed = codes[3]
    _ = try await redeem(redeemed, in: store, sample)
    for target in [RevocationTarget.accessToken("x"), .grant(codes[0].grant), .user("other", codes[0].user)] {
      _ = try await store.revokeFamilies(target, at: sample.now)
    }
    try expect(try await store.authorizationCode(codes[0].digest, at: sample.now), is: codes[0])
    try expect(try await store.revokeFamilies(.user(.default, codes[0].user), at: sample.now), is: [])
    try expect(try await redeem(codes[0], in: store, sample), is: .gone)
    _ = try await store.revokeFamilies(.client(codes[1].client), at: sample.now)
    try expect(try await redeem(codes[1], in: store, sample), is: .gone)
    try expect(try await store.authorizationCode(codes[2].digest, at: sample.now), is: codes[2])
    _ = try await store.revokeFamilies(.route(codes[2].route), at: sample.now)
    try expect(try await redeem(codes[2], in: store, sample), is: .gone)
    try expect(try await redeem(redeemed, in: store, sample), is: .alreadyRedeemed(redeemed.grant))
    try await devicesEndWithFamilies(store, sample)
  }

  private static func devicesEndWithFamilies(_ store: any DurableStore, _ sample: Sample) async throws {
    let (decided, waiting) = (sample.device(), sample.device())
    for device in [decided, waiting] { _ = try await store.beginDeviceAuthorization(device, capacity: 10) }
    let decision = DeviceDecision.allowed("acme", "usr_1", sample.route, "grant_device")
    _ = try await store.decideDeviceAuthorization(userCode: decided.userCode, decision, at: sample.now)
    _ = try await store.revokeFamilies(.tenant(.default), at: sample.now)
    guard
      case .decided = try await store.pollDeviceAuthorization(decided.digest, by: decided.client, at: sample.now)
    else { throw ContractViolation("another tenant's device code is gone", file: #fileID, line: #line) }
    _ = try await store.revokeFamilies(.tenant("acme"), at: sample.now)
    let poll = try await store.pollDeviceAuthorization(decided.digest, by: decided.client, at: sample.now)
    try expect(poll, is: .unknown)
    try expect(try await store.deviceAuthorization(userCode: waiting.userCode, at: sample.now), is: waiting)
  }

  private static func redeem(
    _ code: AuthorizationCode, in store: any DurableStore, _ sample: Sample
  ) async throws -> CodeRedemption {
    let family = sample.family(of: code)
    return try await store.redeemAuthorizationCode(
      code.digest, beginning: family, with: sample.token(of: family), at: sample.now)
  }

  /// Families end by grant, by user and by client, each once.
  public static func familiesAreRevokedByTarget(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var families: [RefreshFamily] = []
    for _ in 0..<4 { families.append(try await sample.storeFamily(in: store).family) }
    let at = sample.now + .seconds(9)
    try expect(try await store.revokeFamilies(.accessToken("x"), at: at), is: [])
    try expect(try await store.revokeFamilies(.user("other", families[1].user), at: at), is: [])
    try expect(try await store.revokeFamilies(.grant(families[0].grant), at: at), is: [families[0].grant])
    try expect(try await store.revokeFamilies(.grant(families[0].grant), at: at + .seconds(1)), is: [])
    try expect(try await store.revokeFamilies(.user(.default, families[1].user), at: at), is: [families[1].grant])
    try expect(try await store.revokeFamilies(.client(families[2].client), at: at), is: [families[2].grant])
    for family in families[..<3] { try expect(try await store.refreshFamily(family.grant)?.revokedAt, is: at) }
    try expect(try await store.liveGrants(tenant: nil, at: at).map(\.family), is: [families[3]])
    try expect(try await store.liveGrants(tenant: .default, at: at).map(\.lastIssuedAt), is: [sample.now])
    try expect(try await store.liveGrants(tenant: "other", at: at), is: [])
    try expect(try await store.revokeFamilies(.tenant("other"), at: at), is: [])
    try expect(try await store.revokeFamilies(.route(RouteID(server: "other")), at: at), is: [])
    try expect(try await store.refreshFamily(families[3].grant), is: families[3])
    try await store.removeEndedFamilies(before: at)
    try expect(try await store.refreshFamily(families[0].grant)?.revokedAt, is: at)
    try await store.removeEndedFamilies(before: at + .milliseconds(1))
    try expect(try await store.refreshFamily(families[0].grant), is: nil)
    try expect(try await store.refreshFamily(families[3].grant), is: families[3])
    try await store.removeEndedFamilies(before: families[3].expiresAt)
    try expect(try await store.refreshFamily(families[3].grant), is: families[3])
    try await store.removeEndedFamilies(before: families[3].expiresAt + .milliseconds(1))
    try expect(try await store.refreshFamily(families[3].grant), is: nil)
  }
}
