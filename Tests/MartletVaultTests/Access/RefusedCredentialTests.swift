import MartletDomain
import StrictCoding
import Testing

@testable import MartletVault

/// Credentials that a server doesn't take, though whoever issued them does.
@Suite struct RefusedCredentialTests {
  private func isStanding(_ rig: VaultRig, _ key: ConnectionKey) async throws -> (ConnectionState?, ConnectionReason?) {
    let ledger = try await rig.store.connection(key)?.ledger
    return (ledger?.state, ledger?.reason)
  }

  @Test func R_10_whatWasJustRenewedAndIsRefusedIsToldAndStaysInUse() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      let first = try #require(await vault.answer(for: key).access)
      let renewed = try #require(await vault.replacement(for: first, of: key).access)
      #expect(try await isStanding(rig, key) == (.active, nil))
      #expect(await vault.replacement(for: renewed, of: key).ownersReason == .some(.rejected))
      #expect(try await isStanding(rig, key) == (.reauthRequired, .rejected))
      let again = try #require(await vault.answer(for: key).access)
      #expect(again.version == renewed.version && again.isDoubted && !renewed.isDoubted)
      vault.accept(again, of: key)
      try await rig.eventually("the doubt's end") { try await rig.store.connection(key)?.ledger.state == .active }
      #expect(try await isStanding(rig, key) == (.active, nil))
    }
    #expect(rig.issuer.presented.count == 1)
  }

  /// A refusal of what its owner has replaced since says nothing about the new one.
  @Test func aRefusalOfAnOlderCredentialIsForgotten() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    try await rig.running(vault) {
      let old = try #require(await vault.answer(for: key).access)
      _ = try await rig.connect(key, refreshToken: rig.issuer.grant())
      await withCheckedContinuation { done in vault.reject(old, of: key) { done.resume() } }
      #expect(try await isStanding(rig, key) == (.active, nil))
    }
  }

  /// What is refused by a server is renewed in time all the same: the server may take the next one.
  @Test func aRenewalEndsTheDoubt() async throws {
    let rig = VaultRig()
    let vault = rig.vault()
    let key = try await rig.connect()
    #expect(try await rig.store.requireReauthorization(of: key, version: 1, because: .rejected))
    try await rig.running(vault) {
      rig.clock.advance(by: .seconds(3301))
      try await rig.eventually("a renewal") { try await rig.store.connection(key)?.ledger.version == 2 }
      #expect(try await isStanding(rig, key) == (.active, nil))
    }
  }
}
