import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// However many calls wait for a credential, its refresh token is presented once.
@Suite(.serialized) struct SingleFlightTests {
  /// One process, one expiry, 10,000 calls at once.
  @Test func R_01_oneRequestForTenThousandCalls() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      #expect(await vault.answer(for: key).token == "access-0")
      rig.issuer.holds(true)
      rig.clock.advance(by: .seconds(3600))
      let answers = await withTaskGroup(of: CredentialAnswer.self) { group in
        for _ in 0..<10_000 { group.addTask { await vault.answer(for: key) } }
        group.addTask {
          try? await rig.eventually("the request") { rig.issuer.active == 1 }
          rig.issuer.holds(false)
          return await vault.answer(for: key)
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(answers.map(\.token)) == ["access-2"])
      #expect(answers.count == 10_001)
    }
    #expect(rig.issuer.presented == ["refresh-1"])
    #expect(try await rig.tokens(key)?.refresh == "refresh-2")
    TestCounts.prove("R-01", count: 10_001)
  }

  /// Three processes.
  @Test func R_01_oneRequestForThreeProcesses() async throws {
    let rig = VaultRig()
    let vaults = [rig.vault(), rig.vault(), rig.vault()]
    let key = try await rig.connect()
    try await rig.running(vaults[0], vaults[1], vaults[2]) {
      for round in 1...TestCounts.pick(reduced: 5, full: 100) {
        rig.clock.advance(by: .seconds(3600))
        let answers = await withTaskGroup(of: CredentialAnswer.self) { group in
          for number in 0..<300 { group.addTask { await vaults[number % 3].answer(for: key) } }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.token)) == ["access-\(round + 1)"])
        #expect(rig.issuer.presented.count == round)
      }
    }
    #expect(rig.issuer.revokedFamilies == 0)
  }

  /// Whoever asks and leaves takes nothing along.
  @Test func R_07_callersThatHangUpLoseNothing() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    let rounds = TestCounts.pick(reduced: 100, full: 1000)
    try await rig.running(vault) {
      for round in 1...rounds {
        rig.clock.advance(by: .seconds(3600))
        let callers = (0..<10).map { _ in Task { await vault.answer(for: key) } }
        for caller in callers { caller.cancel() }
        try await rig.eventually("rotation \(round)") {
          try await rig.store.connection(key)?.ledger.version == round + 1
        }
      }
    }
    #expect(rig.issuer.presented.count == rounds)
    #expect(try await rig.issuer.isLive(rig.tokens(key)?.refresh ?? ""))
    TestCounts.prove("R-07", count: rounds * 10)
  }

  /// Calls that were refused with the same credential share one refresh; a credential that was just renewed and is
  /// refused again isn't renewed in a loop.
  @Test func R_10_refusedCallsShareOneRefresh() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      let refused = try #require(await vault.answer(for: key).access)
      let answers = await withTaskGroup(of: CredentialAnswer.self) { group in
        for _ in 0..<500 { group.addTask { await vault.replacement(for: refused, of: key) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(answers.map(\.token)) == ["access-2"])
      let renewed = try #require(answers.first?.access)
      for _ in 0..<20 { #expect(await vault.replacement(for: renewed, of: key).ownersReason == .some(.rejected)) }
      #expect(rig.issuer.presented.count == 1)
      rig.clock.advance(by: .seconds(120))
      #expect(await vault.replacement(for: renewed, of: key).token == "access-3")
    }
    #expect(rig.issuer.presented.count == 2)
  }

  /// What nobody uses stays alive, and what is used is renewed before it ends, without a call that waits.
  @Test func refreshesAheadOfTime() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let keys = [try await rig.connect(), try await rig.connect()]
    try await rig.running(vault) {
      rig.clock.advance(by: .seconds(3301))
      try await rig.eventually("both renewals") {
        for key in keys where try await rig.store.connection(key)?.ledger.version != 2 { return false }
        return true
      }
      #expect(await vault.answer(for: keys[0]).token?.hasPrefix("access-") == true)
    }
    #expect(rig.issuer.presented.count == 2)
  }

  /// What another process took away isn't taken from memory any more.
  @Test(arguments: [ConnectionReason.withdrawn, .refused])
  func R_10_changesOfOtherProcessesAreHeardOf(_ reason: ConnectionReason) async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      #expect(await vault.answer(for: key).token == "access-0")
      switch reason {
      case .withdrawn: #expect(try await rig.store.revokeConnection(key, because: reason))
      default: #expect(try await rig.store.requireReauthorization(of: key, version: 1, because: reason))
      }
      try await rig.eventually("the news") { await vault.answer(for: key).ownersReason == .some(reason) }
      _ = try await rig.connect(key, refreshToken: rig.issuer.grant())
      try await rig.eventually("the new credential") { await vault.answer(for: key).token == "access-0" }
    }
  }
}
