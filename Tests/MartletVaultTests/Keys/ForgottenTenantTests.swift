import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletVault

/// What a running process remembers of a tenant that was deleted.
@Suite struct ForgottenTenantTests {
  let rig = VaultRig()

  @Test func A_46_keysAndCredentialsOfADeletedTenantAreForgotten() async throws {
    let key = try await rig.connect(rig.sample.connectionKey(tenant: "acme"))
    let other = try await rig.connect(rig.sample.connectionKey(tenant: "globex"))
    let connection = try #require(try await rig.store.connection(key))
    let seal = rig.seal
    let vault = rig.vault()
    try await rig.running(vault) {
      // What is read while changes are heard of isn't remembered, and it has just begun to listen.
      await vault.cache.hear()
      for one in [key, other] { #expect(await vault.answer(for: one).isReady) }
      _ = try await seal.open(connection)
      _ = try await rig.store.base.setTenantState("acme", .deleted, at: rig.clock.now())
      _ = try await rig.store.base.purgeTenant("acme")
      for forget in [vault.forget(allBut:), seal.forget(allBut:)] { forget(["globex"]) }
      #expect(vault.cache.find(key) == nil && vault.cache.find(other) != nil)
      #expect(!(await vault.answer(for: key).isReady))
      // The stored bytes, from a backup say, open nothing, and no new key comes into being.
      await #expect(throws: VaultError.self) { _ = try await seal.open(connection) }
      await #expect(throws: VaultError.self) {
        _ = try await seal.seal(
          UpstreamTokens(accessToken: Secret("a"), refreshToken: nil), for: key, version: 2)
      }
    }
    #expect(try await rig.store.base.dataKeys(of: "acme").isEmpty)
    #expect(try await rig.store.base.dataKeys(of: "globex").count == 1)
  }
}

extension CredentialAnswer {
  fileprivate var isReady: Bool {
    if case .ready = self { return true }
    return false
  }
}
