import MartletDomain

/// What every `AuthorizationStore` must do with authorizations and codes.
public enum AuthorizationStoreContract {
  /// Beginning again answers what is there (A1); an expired one gives way.
  public static func beginningAgainAnswersTheSame(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var pending = sample.pending()
    pending.clientName = "O'Neil \u{202E}\u{0}🦅"
    pending.state = "a\u{0}b"
    try expect(try await store.beginAuthorization(pending), is: pending)
    var again = pending
    again.state = "other"
    again.createdAt = pending.createdAt + .seconds(5)
    try expect(try await store.beginAuthorization(again), is: pending)
    let last = pending.expiresAt - .milliseconds(1)
    try expect(try await store.pendingAuthorization(pending.id, at: last), is: pending)
    try expect(try await store.pendingAuthorization(pending.id, at: pending.expiresAt), is: nil)
    again.createdAt = pending.expiresAt
    again.expiresAt = again.createdAt + .seconds(600)
    again.route = nil
    again.state = nil
    again.redirectURIWasSent = false
    again.scope = []
    try expect(try await store.beginAuthorization(again), is: again)
    try expect(try await store.pendingAuthorization(pending.id, at: again.createdAt), is: again)
    try expect(try await store.pendingAuthorization("none", at: sample.now), is: nil)
  }

  /// A pending authorization is finished once, however many pages are submitted (V-023).
  public static func finishesOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let pending = sample.pending()
    let codes = (0..<30).map { _ in sample.code(for: pending) }
    _ = try await stores[0].beginAuthorization(pending)
    let outcomes = try await atOnce(codes.count, over: stores) { number, store in
      try await store.completeAuthorization(
        pending.id, sealedOutcome: [UInt8(number)], code: codes[number], consent: nil, at: sample.now)
    }
    let winners = outcomes.indices.filter { outcomes[$0] == .completed }
    try expect(winners.count, is: 1)
    for (number, outcome) in outcomes.enumerated() where number != winners[0] {
      try expect(outcome, is: .alreadyCompleted(sealedOutcome: [UInt8(winners[0])]))
    }
    for (number, code) in codes.enumerated() {
      let stored = try await stores[1].authorizationCode(code.digest, at: sample.now)
      try expect(stored, is: number == winners[0] ? code : nil)
    }
  }

  /// Refusing leaves an outcome and no code; what has expired can't be finished.
  public static func refusalLeavesNoCode(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let pending = sample.pending()
    _ = try await store.beginAuthorization(pending)
    try expect(
      try await store.completeAuthorization(pending.id, sealedOutcome: [9], code: nil, consent: nil, at: sample.now),
      is: .completed)
    let finished = try await store.pendingAuthorization(pending.id, at: sample.now)
    try expect(finished?.sealedOutcome, is: [9])
    let late = sample.pending()
    _ = try await store.beginAuthorization(late)
    let code = sample.code(for: late)
    let outcome = try await store.completeAuthorization(
      late.id, sealedOutcome: [1], code: code, consent: nil, at: late.expiresAt)
    try expect(outcome, is: .gone)
    try expect(try await store.authorizationCode(code.digest, at: sample.now), is: nil)
  }

  /// A code is spent once; the second use ends the family that the first began (N-09).
  public static func secondRedemptionRevokesTheFamily(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (code, family, token) = try await storedCode(sample, in: store)
    let at = sample.now + .seconds(1)
    try expect(
      try await store.redeemAuthorizationCode(code.digest, beginning: family, with: token, at: at), is: .redeemed)
    try expect(try await store.refreshFamily(family.grant), is: family)
    try expect(
      try await store.refreshToken(token.digest), is: KnownRefreshToken(token: token, family: family, rotatedAt: nil))
    try expect(try await store.authorizationCode(code.digest, at: at), is: code, "a spent code is still there")
    var second = family
    second.grant = "another"
    try expect(
      try await store.redeemAuthorizationCode(code.digest, beginning: second, with: nil, at: at + .seconds(1)),
      is: .alreadyRedeemed(family.grant))
    try expect(try await store.refreshFamily(family.grant)?.revokedAt, is: at + .seconds(1))
    try expect(try await store.refreshFamily("another"), is: nil)
    let rotation = sample.rotation(of: token.digest, in: family, at: at + .seconds(2))
    try expect(try await store.rotateRefreshToken(rotation), is: .revoked)
  }

  /// Redeeming one code many times at once begins one family (V-058).
  public static func redeemingAtOnceBeginsOneFamily(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    for _ in 0..<TestCounts.pick(reduced: 5, full: 50) {
      let (code, family, _) = try await storedCode(sample, in: stores[0])
      let tokens = (0..<50).map { _ in sample.token(of: family) }
      let outcomes = try await atOnce(tokens.count, over: stores) { number, store in
        try await store.redeemAuthorizationCode(code.digest, beginning: family, with: tokens[number], at: sample.now)
      }
      try expect(outcomes.count { $0 == .redeemed }, is: 1)
      try expect(outcomes.count { $0 == .alreadyRedeemed(family.grant) }, is: tokens.count - 1)
      var known = 0
      for token in tokens where try await stores[1].refreshToken(token.digest) != nil { known += 1 }
      try expect(known, is: 1)
    }
  }

  /// An ended code begins nothing, and a family needs no token.
  public static func endedCodeBeginsNothing(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (code, family, token) = try await storedCode(sample, in: store)
    try expect(
      try await store.redeemAuthorizationCode(code.digest, beginning: family, with: token, at: code.expiresAt),
      is: .gone)
    try expect(try await store.authorizationCode(code.digest, at: code.expiresAt), is: nil)
    try expect(try await store.refreshFamily(family.grant), is: nil)
    try expect(
      try await store.redeemAuthorizationCode(sample.digest(), beginning: family, with: token, at: sample.now),
      is: .gone)
    try expect(
      try await store.redeemAuthorizationCode(code.digest, beginning: family, with: nil, at: sample.now), is: .redeemed)
    try expect(try await store.refreshFamily(family.grant), is: family)
  }

  /// Redeeming marks the client as used in the same step, so it never expires with a live grant.
  public static func redeemingMarksTheClientAsUsed(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let client = sample.client()
    _ = try await store.registerClient(client, quota: nil)
    var pending = sample.pending()
    pending.client = client.id
    let code = sample.code(for: pending)
    _ = try await store.beginAuthorization(pending)
    _ = try await store.completeAuthorization(pending.id, sealedOutcome: [], code: code, consent: nil, at: sample.now)
    let at = sample.now + .seconds(3)
    _ = try await store.redeemAuthorizationCode(code.digest, beginning: sample.family(of: code), with: nil, at: at)
    try expect(try await store.client(client.id)?.firstUsedAt, is: at)
    try expect(try await store.removeNeverUsedClients(registeredBefore: .distantFuture), is: 0)
  }

  /// Housekeeping takes what has expired, and only that.
  public static func onlyExpiredAuthorizationsGo(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let pending = sample.pending()
    _ = try await store.beginAuthorization(pending)
    let (code, _, _) = try await storedCode(sample, in: store)
    let (family, token) = try await sample.storeFamily(in: store)
    try await store.removeExpiredAuthorizations(at: code.expiresAt - .milliseconds(1))
    try expect(try await store.authorizationCode(code.digest, at: sample.now), is: code)
    try await store.removeExpiredAuthorizations(at: code.expiresAt)
    try expect(try await store.authorizationCode(code.digest, at: sample.now), is: nil)
    try expect(try await store.pendingAuthorization(pending.id, at: sample.now), is: pending)
    try await store.removeExpiredAuthorizations(at: pending.expiresAt)
    try expect(try await store.pendingAuthorization(pending.id, at: sample.now), is: nil)
    try expect(try await store.refreshToken(token.digest)?.family, is: family)
  }

  private static func storedCode(_ sample: Sample, in store: any DurableStore) async throws
    -> (AuthorizationCode, RefreshFamily, RefreshToken)
  {
    let pending = sample.pending()
    let code = sample.code(for: pending)
    _ = try await store.beginAuthorization(pending)
    let outcome = try await store.completeAuthorization(
      pending.id, sealedOutcome: [1], code: code, consent: nil, at: sample.now)
    try expect(outcome, is: .completed)
    let family = sample.family(of: code)
    return (code, family, sample.token(of: family))
  }
}
