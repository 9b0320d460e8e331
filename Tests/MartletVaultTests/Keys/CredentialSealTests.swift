import Crypto
import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletVault

/// How credentials lie in the store.
@Suite struct CredentialSealTests {
  let rig = VaultRig()

  private func connection(_ key: ConnectionKey, version: Int, sealed: [UInt8]) -> UpstreamConnection {
    var connection = rig.sample.connection(key)
    connection.ledger = RefreshLedger(
      state: .active, reason: nil, version: version, epoch: 0, intent: nil, isRefreshable: true, mayBeSpent: false,
      failures: 0, retryAt: nil)
    connection.sealedCredential = sealed
    return connection
  }

  /// A credential moved to another tenant, server, owner or version doesn't open.
  @Test func A_21_everySwapIsRefused() async throws {
    let seal = rig.seal
    var places: [(key: ConnectionKey, version: Int)] = []
    for tenant in ["default", "acme"] as [TenantID] {
      for server in ["time", "mail"] as [ServerName] {
        for owner in [ConnectionOwner.tenant, .user("a"), .user("b"), .user("tenant")] {
          for version in [1, 2, 12] {
            let route = RouteID(server: server)
            places.append((ConnectionKey(tenant: tenant, route: route, owner: owner), version))
          }
        }
      }
    }
    let tokens = UpstreamTokens(accessToken: Secret("a"), refreshToken: Secret("r"))
    var sealed: [[UInt8]] = []
    for place in places { sealed.append(try await seal.seal(tokens, for: place.key, version: place.version)) }
    var refused = 0
    for (row, value) in sealed.enumerated() {
      for (column, place) in places.enumerated() {
        let moved = connection(place.key, version: place.version, sealed: value)
        if row == column {
          #expect(try await seal.open(moved)?.refreshToken?.matches("r".utf8) == true)
        } else {
          await #expect(throws: VaultError.self) { _ = try await seal.open(moved) }
          refused += 1
        }
      }
    }
    #expect(refused == places.count * (places.count - 1))
    TestCounts.prove("A-21", count: refused)
  }

  /// A version that was stored before can't be put back (A-21), and is said to be unreadable, not taken for empty (A-24).
  @Test func A_21_A_24_rolledBackCredentialIsNotUsed() async throws {
    let vault = rig.vault()
    let key = try await rig.connect()
    let old = try #require(try await rig.store.connection(key))
    _ = try await rig.connect(key)
    var current = try #require(try await rig.store.connection(key))
    current.sealedCredential = old.sealedCredential
    current.ledger = RefreshLedger(after: current.ledger, isRefreshable: true)
    #expect(try await rig.store.establishConnection(current))
    try await rig.running(vault) {
      for _ in 0..<3 { #expect(await vault.answer(for: key).isUnavailable) }
      rig.clock.advance(by: .seconds(3600))
      #expect(await vault.answer(for: key).isUnavailable)
      try await rig.eventually("the reason") { try await rig.store.connection(key)?.ledger.reason == .unreadable }
    }
    #expect(rig.issuer.presented.isEmpty)
  }

  /// Each tenant has a key of its own, random, and nothing but the installation's key opens it (A-20, A-22, A-27).
  @Test func A_20_A_22_everyTenantHasItsKey() async throws {
    let tenants = ["default", "acme", "other"] as [TenantID]
    let tokens = UpstreamTokens(accessToken: Secret("a"), refreshToken: nil)
    var names: Set<String> = []
    for tenant in tenants {
      let key = rig.sample.connectionKey(tenant: tenant)
      let sealed = try await rig.seal.seal(tokens, for: key, version: 1)
      let stored = try #require(try await rig.store.base.dataKeys(of: tenant).last)
      #expect(Sealer.keyName(of: sealed) == stored.name)
      names.insert(stored.name)
      let thief = Sealer(key: SymmetricKey(size: .bits256))
      let keys = DataKeys(store: rig.store.base, sealer: thief, clock: rig.clock, random: SystemRandom())
      let moved = connection(key, version: 1, sealed: sealed)
      await #expect(throws: VaultError.self) { _ = try await CredentialSeal(keys: keys).open(moved) }
    }
    #expect(names.count == tenants.count)
  }

  /// A data key that was put in another tenant's place doesn't open.
  @Test func A_22_movedDataKeyIsRefused() async throws {
    let tokens = UpstreamTokens(accessToken: Secret("a"), refreshToken: nil)
    _ = try await rig.seal.seal(tokens, for: rig.sample.connectionKey(tenant: "acme"), version: 1)
    var stolen = try #require(try await rig.store.base.dataKeys(of: "acme").last)
    stolen.tenant = "other"
    #expect(try await rig.store.base.addDataKey(stolen, ifNewestIs: nil))
    await #expect(throws: VaultError.seal(.notAuthentic)) {
      _ = try await rig.seal.seal(tokens, for: rig.sample.connectionKey(tenant: "other"), version: 1)
    }
  }

  /// Many processes that need a tenant's first key at once agree on one.
  @Test func A_20_firstKeyIsMadeOnce() async throws {
    let tokens = UpstreamTokens(accessToken: Secret("a"), refreshToken: nil)
    let key = rig.sample.connectionKey()
    let names = try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<50 {
        group.addTask { Sealer.keyName(of: try await rig.seal.seal(tokens, for: key, version: 1)) }
      }
      return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(names.count == 1)
    #expect(try await rig.store.base.dataKeys(of: .default).count == 1)
  }

  /// The store going away doesn't take keys along that were opened before (R-82).
  @Test func R_82_openedKeysGoOnServing() async throws {
    let seal = rig.seal
    let key = try await rig.connect()
    let connection = try #require(try await rig.store.connection(key))
    _ = try await seal.open(connection)
    rig.store.base.fail(with: .unavailable("a test"))
    #expect(try await seal.open(connection)?.accessToken.matches("access-0".utf8) == true)
    let tokens = UpstreamTokens(accessToken: Secret("a"), refreshToken: nil)
    for _ in 0..<20 {
      rig.clock.advance(by: .seconds(30))
      #expect(try await seal.seal(tokens, for: key, version: 2).isEmpty == false)
    }
    let stranger = rig.sample.connectionKey(tenant: "new")
    await #expect(throws: VaultError.store(.unavailable("a test"))) {
      _ = try await seal.seal(tokens, for: stranger, version: 1)
    }
  }

  /// No token stands in clear in what the store, the journal or the trail hold, nor in what values print (A-10).
  @Test func A_10_nothingTellsATokens() async throws {
    let vault = rig.vault()
    let key = try await rig.connect(refreshToken: rig.issuer.grant())
    rig.clock.advance(by: .seconds(3600))
    rig.store.fail(.commit)
    let spilled = try await withSpill(vault, key)
    let shown = [
      "\(spilled)", "\(try await rig.store.connection(key).map { "\($0)" } ?? "")", "\(rig.audit.events)",
      "\(UpstreamTokens(accessToken: Secret("access-2"), refreshToken: Secret("refresh-2")))",
      "\(CredentialAnswer.ready(UpstreamAccess(token: Secret("access-2"), version: 2)))",
    ]
    for text in shown { #expect(!text.contains("access-") && !text.contains("refresh-"), "\(text)") }
    let sealed = [spilled.tokens.sealedCredential, try await rig.store.connection(key)?.sealedCredential ?? []]
    for bytes in sealed + rig.files() {
      #expect(!bytes.isEmpty && !Self.contains(bytes, "access-") && !Self.contains(bytes, "refresh-"))
    }
  }

  private func withSpill(_ vault: Vault, _ key: ConnectionKey) async throws -> SpilledTokens {
    _ = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await vault.run() }
      _ = await vault.answer(for: key)
      try await rig.eventually("the spill") { try !rig.journal.all().isEmpty }
      group.cancelAll()
    }
    return try #require(try rig.journal.all().first)
  }

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
  }
}
