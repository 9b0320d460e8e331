import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

/// What a key proves, and what it doesn't.
@Suite struct APIKeyVerifierTests {
  let clock = FakeClock()
  let store = MemoryStore()
  let sample = Sample()
  let time = RouteID(server: "time")

  private var verifier: APIKeyVerifier {
    APIKeyVerifier(store: store, issuer: { "https://gw.example" }, clock: clock)
  }

  private func rejection(
    _ key: Secret, at route: RouteID? = nil, by verifier: APIKeyVerifier? = nil
  ) async -> APIKeyRejection? {
    do {
      _ = try await (verifier ?? self.verifier).verify(
        ByteString(key.expose()), for: route ?? time, from: "192.0.2.1")
      return nil
    } catch { return error }
  }

  @Test func A_31_aKeyProvesItsOwnerForOneRoute() async throws {
    let owner = sample.localUser(named: "ada")
    _ = try await store.createLocalUser(owner, passwordHash: "x")
    let (record, key) = sample.apiKey(named: "prod", of: owner.id, scope: KeyScope(servers: ["time"]))
    _ = try await store.createAPIKey(record)
    let principal = try await verifier.verify(ByteString(key.expose()), for: time, from: "192.0.2.1")
    #expect(principal.subject == owner.id.value)
    #expect(principal.key?.name == "prod")
    #expect(principal.client == record.client)
    #expect(principal.expiresAt == record.expiresAt)
    #expect(principal.issuedAt == clock.now(), "what is revoked from now on covers it")
    #expect(await rejection(key, at: RouteID(server: "notes")) == .invalid(reason: "key_not_for_server"))
  }

  @Test func N_24_a_keyThatActsForItselfIsItsSeries() async throws {
    let (record, key) = sample.apiKey()
    _ = try await store.createAPIKey(record)
    let principal = try await verifier.verify(ByteString(key.expose()), for: time, from: "192.0.2.1")
    #expect(principal.subject == principal.client.value)
  }

  @Test func A_32_endedKeysAndOwnersAreRefused() async throws {
    let owner = sample.localUser(named: "ada")
    _ = try await store.createLocalUser(owner, passwordHash: "x")
    let (record, key) = sample.apiKey(of: owner.id)
    _ = try await store.createAPIKey(record)
    #expect(await rejection(key) == nil)
    _ = try await store.setUserDisabled(owner.id, at: clock.now())
    #expect(await rejection(key) == .invalid(reason: "key_owner_disabled"))
    _ = try await store.setUserDisabled(owner.id, at: nil)
    #expect(await rejection(key) == nil)
    let (moved, movedKey) = sample.apiKey(of: owner.id, tenant: "acme")
    _ = try await store.createAPIKey(moved)
    #expect(await rejection(movedKey) == .invalid(reason: "key_owner_moved"), "V-036: the tenant is the key's")
    clock.set(record.expiresAt)
    #expect(await rejection(key) == .invalid(reason: "key_expired"))
    clock.set(record.createdAt)
    _ = try await store.revokeAPIKeys([record.series], at: clock.now())
    #expect(await rejection(key) == .invalid(reason: "key_revoked"))
    _ = try await store.removeUser(owner.id)
    #expect(await rejection(movedKey) == .invalid(reason: "key_owner_gone"))
  }

  /// An id alone is no key: another secret under a known id is refused, and so is a bearer of the admin API.
  @Test func A_30_theSecretCounts() async throws {
    let (record, key) = sample.apiKey()
    var altered = record
    altered.digest = sample.apiKey().record.digest
    _ = try await store.createAPIKey(altered)
    #expect(await rejection(key) == .invalid(reason: "unknown_key"))
    let (bearer, _) = KeyText.mint(.adminToken, sample.random)
    #expect(await rejection(bearer) == .invalid(reason: "malformed_key"))
    #expect(await rejection(Secret("mrt_key_")) == .invalid(reason: "malformed_key"))
  }

  @Test func N_16_guessesWaitAndOutagesCountForNothing() async throws {
    let verifier = verifier
    store.fail(with: .unavailable("a test"))
    for _ in 0..<100 { #expect(await rejection(sample.apiKey().key, by: verifier) == .unavailable) }
    store.fail(with: nil)
    for _ in 0..<31 { #expect(await rejection(sample.apiKey().key, by: verifier) == .invalid(reason: "unknown_key")) }
    #expect(await rejection(sample.apiKey().key, by: verifier) == .tooManyGuesses(seconds: 1))
    clock.advance(by: .seconds(1))
    #expect(await rejection(sample.apiKey().key, by: verifier) == .invalid(reason: "unknown_key"))
    #expect(await rejection(sample.apiKey().key, by: verifier) == .tooManyGuesses(seconds: 2))
  }

  /// Behind one address are many: a guesser among them doesn't hold up whose key was good before.
  @Test func V_085_provenKeysPassWhileTheirNetworkWaits() async throws {
    let verifier = verifier
    let (record, key) = sample.apiKey()
    _ = try await store.createAPIKey(record)
    #expect(await rejection(key, by: verifier) == nil)
    for _ in 0..<31 { #expect(await rejection(sample.apiKey().key, by: verifier) == .invalid(reason: "unknown_key")) }
    #expect(await rejection(sample.apiKey().key, by: verifier) == .tooManyGuesses(seconds: 1))
    #expect(await rejection(key, by: verifier) == nil)
    _ = try await store.revokeAPIKeys([record.series], at: clock.now())
    #expect(await rejection(key, by: verifier) == .invalid(reason: "key_revoked"), "proven isn't live")
  }
}
