import MartletDomain

/// What every `RefreshTokenStore` must do when many ask at once, and over long times.
public enum RefreshRaceContract {
  /// However many present one token at once, over however many handles: one successor, one reply, no revocation (R-20,
  /// V-058).
  public static func oneSuccessor(makeStores: SharedStoreMaker, handles: Int) async throws {
    let stores = try await makeStores(handles)
    let sample = Sample()
    var (family, token) = try await sample.storeFamily(in: stores[0])
    let count = TestCounts.pick(reduced: 200, full: 1000)
    let rounds = TestCounts.pick(reduced: 10, full: 100)
    for round in 1...rounds {
      let presented = token.digest
      let at = sample.now + .seconds(Int64(round))
      let rotations = (0..<count).map { _ in sample.rotation(of: presented, in: family, at: at) }
      let outcomes = try await atOnce(count, over: stores) { number, store in
        try await store.rotateRefreshToken(rotations[number])
      }
      let winners = outcomes.indices.filter { outcomes[$0] == .rotated }
      try expect(winners.count, is: 1, "round \(round)")
      let winner = rotations[winners[0]]
      let replay = RefreshRotationOutcome.replayed(sealedReply: winner.sealedReply, successor: winner.successor.digest)
      try expect(outcomes.count { $0 == replay }, is: count - 1, "round \(round)")
      token = winner.successor
      family = try await stores[round % handles].refreshFamily(family.grant) ?? family
      try expect(family.revokedAt, is: nil)
    }
    let known = try await stores[0].refreshToken(token.digest)
    try expect(known?.token.generation, is: rounds + 1)
    for check in ["R-20", "V-058"] { TestCounts.prove(check, count: count * rounds) }
  }

  /// Housekeeping at any time never takes what can still be refreshed: random families, exchanges, revocations
  /// and jumps in time, housekeeping after each.
  public static func housekeepingKeepsWhatLives(makeStore: StoreMaker) async throws {
    let histories = TestCounts.pick(reduced: 8, full: 300)
    for seed in 1...UInt64(histories) {
      var travel = TimeTravel(store: try await makeStore(), sample: Sample(seed: seed))
      for _ in 0..<60 { try await travel.step() }
    }
    TestCounts.prove("R-25", count: histories * 60)
  }
}

/// A random history of refresh families, with a model of what must still be there.
private struct TimeTravel {
  struct Holder {
    var family: RefreshFamily
    var client: ClientID
    var token: RefreshToken
    var lostReply: (presented: ArtefactDigest, outcome: RefreshRotationOutcome, until: Timestamp)?
  }

  let store: any DurableStore
  var sample: Sample
  var holders: [Holder] = []

  init(store: any DurableStore, sample: Sample) {
    self.store = store
    self.sample = sample
  }

  mutating func step() async throws {
    var generator = sample.random
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: try await begin()
    case 1, 2, 3: try await refresh()
    case 4: try await revoke()
    // Backwards too: clocks of two processes differ.
    case 5, 6: sample.now = sample.now + .seconds(Int64.random(in: -60...130, using: &generator))
    default: sample.now = sample.now + .seconds(Int64.random(in: 0...(20 * 86_400), using: &generator))
    }
    try await keepHouse(horizon: .seconds([0, 0, 60, 86_400].randomElement(using: &generator) ?? 0))
    holders.removeAll { $0.family.expiresAt <= sample.now || $0.token.expiresAt <= sample.now }
    for index in holders.indices {
      if let lost = holders[index].lostReply, lost.until <= sample.now { holders[index].lostReply = nil }
    }
    for holder in holders { try await check(holder) }
  }

  private mutating func begin() async throws {
    let client = sample.client()
    _ = try await store.registerClient(client, quota: nil)
    var pending = sample.pending()
    pending.client = client.id
    let code = sample.code(for: pending)
    let family = sample.family(of: code)
    let token = sample.token(of: family)
    _ = try await store.beginAuthorization(pending)
    _ = try await store.completeAuthorization(pending.id, sealedOutcome: [], code: code, consent: nil, at: sample.now)
    _ = try await store.redeemAuthorizationCode(code.digest, beginning: family, with: token, at: sample.now)
    holders.append(Holder(family: family, client: client.id, token: token))
  }

  private mutating func refresh() async throws {
    var generator = sample.random
    guard let index = holders.indices.randomElement(using: &generator) else { return }
    let holder = holders[index]
    let rotation = sample.rotation(of: holder.token.digest, in: holder.family, at: sample.now)
    try expect(try await store.rotateRefreshToken(rotation), is: .rotated, "a live token was refused")
    holders[index].lostReply = (
      holder.token.digest,
      .replayed(sealedReply: rotation.sealedReply, successor: rotation.successor.digest),
      sample.now + rotation.replayWindow
    )
    holders[index].token = rotation.successor
  }

  private mutating func revoke() async throws {
    var generator = sample.random
    guard let index = holders.indices.randomElement(using: &generator), Bool.random(using: &generator) else { return }
    let family = holders.remove(at: index).family
    try expect(try await store.revokeFamilies(.grant(family.grant), at: sample.now), is: [family.grant])
  }

  private func keepHouse(horizon: Duration) async throws {
    try await store.removeEndedFamilies(before: sample.now - horizon)
    try await store.removeExpiredAuthorizations(at: sample.now)
    try await store.removeExpiredLogins(at: sample.now)
    try await store.removeExpiredRevocations(at: sample.now)
    try await store.removeRetiredSigningKeys(at: sample.now)
    _ = try await store.removeNeverUsedClients(registeredBefore: sample.now)
  }

  private func check(_ holder: Holder) async throws {
    let known = try await store.refreshToken(holder.token.digest)
    try expect(known?.family.grant, is: holder.family.grant, "a live token was removed")
    try expect(known?.family.revokedAt, is: nil)
    try expect(try await store.client(holder.client)?.id, is: holder.client, "the client of a live grant was removed")
    guard let lost = holder.lostReply else { return }
    let retry = sample.rotation(of: lost.presented, in: holder.family, at: sample.now)
    try expect(try await store.rotateRefreshToken(retry), is: lost.outcome, "a lost reply was not repeated")
  }
}
