import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// What goes wrong at the store or at the authorization server.
@Suite(.serialized) struct RefreshFaultTests {
  /// The store fails after the exchange: nothing is shown, nothing is lost, and all is well when it works again, in this
  /// process or the next.
  @Test(arguments: [false, true]) func R_03_tokensOutliveAStoreThatFails(_ isRestarted: Bool) async throws {
    let rig = VaultRig()
    let before = rig.vault()
    let count = TestCounts.pick(reduced: 20, full: 500)
    var keys: [ConnectionKey] = []
    for _ in 0..<count { keys.append(try await rig.connect()) }
    let connected = keys
    rig.clock.advance(by: .seconds(3600))
    rig.store.fail(.commit)
    try await rig.running(before) {
      for key in connected { #expect(await before.answer(for: key).isUnavailable) }
      try await rig.eventually("every spill") { try rig.journal.all().count == count }
      for key in connected { #expect(await before.answer(for: key).isUnavailable) }
      if !isRestarted { try await Self.heal(rig, before, connected) }
    }
    let next = rig.vault()
    if isRestarted { try await rig.running(next) { try await Self.heal(rig, next, connected) } }
    #expect(rig.issuer.presented.count == count)
    #expect(rig.issuer.revokedFamilies == 0)
    TestCounts.prove("R-03", count: count)
  }

  private static func heal(_ rig: VaultRig, _ vault: Vault, _ keys: [ConnectionKey]) async throws {
    rig.store.fail()
    for key in keys {
      try await rig.eventually("the commit") { try await rig.store.connection(key)?.ledger.state == .active }
      #expect(await vault.answer(for: key).token != nil)
      #expect(try await rig.issuer.isLive(rig.tokens(key)?.refresh ?? ""))
    }
    try await rig.eventually("an empty journal") { try rig.journal.all().isEmpty }
  }

  /// The process ends with tokens in the journal; the next one stores them before it asks for any.
  @Test func R_03_R_24_spilledTokensAreStoredByTheNextProcess() async throws {
    let rig = VaultRig()
    let key = try await rig.connect()
    rig.clock.advance(by: .seconds(3600))
    let journal = rig.journal
    let tokens = UpstreamTokens(accessToken: Secret("access-x"), refreshToken: Secret("refresh-x"))
    let claim = rig.sample.claim(version: 1, at: rig.clock.now())
    #expect(try await rig.store.claimRefresh(of: key, claim)?.outcome == .claimed(epoch: 1))
    let sealed = SealedTokens(
      sealedCredential: try await rig.seal.seal(tokens, for: key, version: 2), isRefreshable: true, scope: nil,
      expiresAt: rig.clock.now() + .seconds(3600), refreshAt: rig.clock.now() + .seconds(3300))
    try journal.keep(SpilledTokens(key: key, version: 1, epoch: 1, tokens: sealed))
    let next = rig.vault()
    try await rig.running(next) {
      try await rig.eventually("the replay") { try await rig.store.connection(key)?.ledger.version == 2 }
      #expect(await next.answer(for: key).token == "access-x")
      try await rig.eventually("an empty journal") { try journal.all().isEmpty }
    }
    #expect(rig.issuer.presented.isEmpty)
  }

  /// A store that can't be written to is found out before a token is spent.
  @Test func R_04_nothingIsAskedWhileTheStoreIsReadOnly() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    rig.clock.advance(by: .seconds(3600))
    rig.store.fail(.claim)
    let count = TestCounts.pick(reduced: 100, full: 1000)
    try await rig.running(vault) {
      for _ in 0..<count { #expect(await vault.answer(for: key).isUnavailable) }
      #expect(rig.issuer.presented.isEmpty)
      rig.store.fail()
      try await rig.eventually("the token") { await vault.answer(for: key).token == "access-2" }
    }
    #expect(rig.issuer.presented == ["refresh-1"])
    TestCounts.prove("R-04", count: count)
  }

  /// The store says that it failed and has done it.
  @Test func R_03_commitThatWasDoneIsNotRepeated() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    rig.clock.advance(by: .seconds(3600))
    rig.store.lie(.commit)
    try await rig.running(vault) {
      // Whoever reads the store finds them: they are durable.
      try await rig.eventually("the spill") { try !rig.journal.all().isEmpty }
      rig.store.lie()
      try await rig.eventually("the end of the flight") { try rig.journal.all().isEmpty }
      #expect(await vault.answer(for: key).token == "access-2")
      #expect(try await rig.store.connection(key)?.ledger.version == 2)
    }
    #expect(rig.issuer.presented.count == 1)
  }

  static let faults: [ScriptedIssuer.Act] = [
    .fails(status: 500), .fails(status: 503), .fails(status: 429), .unreachable,
    .fails(status: 200), .fails(status: 404), .refuses(status: 500),
  ]

  /// Nothing that may pass takes a credential away; three tries a minute at most.
  @Test(arguments: faults.indices) func R_09_outagesTakeNothingAway(_ index: Int) async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    let isRefusal = index == Self.faults.count - 1
    rig.issuer.always(Self.faults[index])
    rig.clock.advance(by: .seconds(3600))
    try await rig.running(vault) {
      for _ in 0..<60 {
        #expect(await vault.answer(for: key).token == nil)
        rig.clock.advance(by: .seconds(1))
      }
      #expect(rig.issuer.presented.count <= 3)
      #expect(rig.issuer.presented.count >= 1)
      if isRefusal { return }
      let failed = try await rig.store.connection(key)
      #expect(failed?.ledger.state == .error)
      #expect(try await rig.tokens(key)?.refresh == "refresh-1")
      rig.issuer.always(.rotates)
      try await rig.eventually("a token") {
        rig.clock.advance(by: .seconds(60))
        return await vault.answer(for: key).token?.hasPrefix("access-") == true
      }
      #expect(try await rig.store.connection(key)?.ledger.version == 2)
    }
  }

  /// Errors with status 200 are errors (T9), and a refusal is one whatever its status is.
  @Test func T9_refusalWithStatus200() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    rig.issuer.plays(.refuses(status: 200))
    rig.clock.advance(by: .seconds(3600))
    try await rig.running(vault) {
      #expect(await vault.answer(for: key).ownersReason == .some(.refused))
      let refused = try await rig.store.connection(key)
      #expect(refused?.ledger.state == .reauthRequired)
    }
  }

  /// A server that leaves the refresh token out means the old one.
  @Test func R_09_omittedRefreshTokenKeepsTheOld() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    rig.issuer.always(.omitsRefreshToken)
    try await rig.running(vault) {
      for round in 1...5 {
        rig.clock.advance(by: .seconds(3600))
        #expect(await vault.answer(for: key).token == "access-\(round + 1)")
        let stored = try await rig.tokens(key)
        #expect(stored?.refresh == "refresh-1")
      }
    }
    #expect(rig.issuer.presented == Array(repeating: "refresh-1", count: 5))
  }

  /// The owner took the grant back: one more request, then none, and the owner is told.
  @Test func R_10_realRevocationIsNoticedOnce() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      let access = try #require(await vault.answer(for: key).access)
      rig.issuer.revokesEverything()
      #expect(await vault.replacement(for: access, of: key).ownersReason == .some(.refused))
      for _ in 0..<100 {
        #expect(await vault.answer(for: key).ownersReason == .some(.refused))
        rig.clock.advance(by: .seconds(60))
      }
      #expect(rig.issuer.presented.count == 1)
      _ = try await rig.connect(key)
      #expect(await vault.answer(for: key).token == "access-0")
    }
  }

  /// The answer of a strict server got lost: the one window that nobody can close. It is said, and mended by its owner.
  @Test func R_02_lostAnswerOfAStrictServerIsSaid() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    rig.issuer.plays(.losesAnswer)
    rig.clock.advance(by: .seconds(3600))
    try await rig.running(vault) {
      #expect(await vault.answer(for: key).isUnavailable)
      let doubtful = try await rig.store.connection(key)
      #expect(doubtful?.ledger.state == .error)
      rig.clock.advance(by: .seconds(60))
      #expect(await vault.answer(for: key).ownersReason == .some(.interrupted))
      #expect(try await rig.store.connection(key)?.sealedCredential != nil)
    }
  }

  /// A process that was away for too long comes back with the only good tokens there are: they are taken.
  @Test func R_06_R_08_lateTokensAreNotLost() async throws {
    let rig = VaultRig()
    let (slow, quick) = (rig.vault(), rig.vault())
    let key = try await rig.connect()
    rig.issuer.forgivesReuse()
    rig.store.fail(.renew)
    rig.issuer.holds(true)
    rig.clock.advance(by: .seconds(3600))
    try await rig.running(slow, quick) {
      async let late = slow.answer(for: key)
      try await rig.eventually("the first request") { rig.issuer.active == 1 }
      rig.clock.advance(by: .seconds(60))
      async let early = quick.answer(for: key)
      try await rig.eventually("the second request") { rig.issuer.active == 2 }
      rig.issuer.holds(false)
      _ = await (late, early)
      try await rig.eventually("order") { try await rig.store.connection(key)?.ledger.state == .active }
      #expect(try await rig.issuer.isLive(rig.tokens(key)?.refresh ?? ""))
      #expect(await quick.answer(for: key).token == "access-2")
    }
    #expect(rig.issuer.presented == ["refresh-1", "refresh-1"])
    #expect(try await rig.store.connection(key)?.ledger.version == 2)
  }

  /// An hour without the authorization server, everything due: it is hardly asked, and not stormed when it is back.
  @Test func R_12_allIsWellAfterAnOutage() async throws {
    let rig = VaultRig()
    let vault = rig.vault(sleeper: ClockedSleeper(clock: rig.clock))
    let count = TestCounts.pick(reduced: 400, full: 50_000)
    for _ in 0..<count { _ = try await rig.connect() }
    rig.issuer.always(.unreachable)
    rig.clock.advance(by: .seconds(3400))
    try await rig.running(vault) {
      for _ in 0..<360 {
        rig.clock.advance(by: .seconds(10))
        try await Task.sleep(for: .milliseconds(1))
      }
      // 5 before it is left alone, then one in each rest of 5 s or more.
      #expect(rig.issuer.presented.count <= 5 + 16 + 3600 / 5)
      #expect(try await rig.store.connections(tenant: nil, owner: nil).allSatisfy { $0.sealedCredential != nil })
      let before = rig.issuer.presented.count
      rig.issuer.always(.rotates)
      let seconds = Int(try await Self.recover(rig, count).components.seconds)
      #expect(rig.issuer.presented.count >= before + count)
      // 100 a second evenly, and what was under way.
      #expect(rig.issuer.presented.count <= before + 100 * (seconds + 1) + 16)
      #expect(rig.issuer.mostActive <= 16)
      #expect(rig.issuer.revokedFamilies == 0)
      print("R-12: \(count) in order \(seconds) s after the outage, by the clock that is injected")
    }
    TestCounts.prove("R-12", count: count)
  }

  /// Lets the time of a few requests pass once those of the time before are made, until everything is in order again.
  ///
  /// - Returns: The time that passed.
  private static func recover(_ rig: VaultRig, _ count: Int) async throws -> Duration {
    // As many as may be under way, by the rate at which they are let through.
    let (places, step) = (16, Duration.milliseconds(160))
    let quiet = Duration.milliseconds(TestCounts.pick(reduced: 100, full: 300))
    let began = rig.clock.now()
    while rig.clock.now() - began < .seconds(24 * 3600) {
      let start = rig.issuer.presented.count
      var (last, changedAt) = (start, ContinuousClock.now)
      while last < start + places, ContinuousClock.now - changedAt < (last == start ? quiet : .milliseconds(30)) {
        try await Task.sleep(for: .milliseconds(2))
        let now = rig.issuer.presented.count
        if now != last { (last, changedAt) = (now, ContinuousClock.now) }
      }
      // The store is read only where it may be over.
      if last == start {
        let connections = try await rig.store.connections(tenant: nil, owner: nil)
        if connections.allSatisfy({ $0.ledger.version >= 2 }) { break }
      }
      rig.clock.advance(by: last == start ? .seconds(10) : step)
    }
    return rig.clock.now() - began
  }
}
