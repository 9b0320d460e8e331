import Crypto
import MartletDomain
import MartletTestSupport
import Testing

@testable import MartletStoreSQLite

/// No key goes that something is sealed under, and a key that went seals nothing.
@Suite struct KeyRetirementTests {
  private let folder = ScratchFolder()
  private let sample = Sample(seed: 81)
  private let random = SeededRandom(seed: 81)

  private func key(_ seed: UInt64) -> Sealer { Sealer(key: SymmetricKey(data: SeededRandom(seed: seed).bytes(32))) }

  private func sealed(_ sealer: Sealer) throws -> [UInt8] {
    try sealer.seal([1], in: SealContext(tenant: "acme", record: "connection", id: [1], column: "sealed_credential"))
  }

  @Test func R_81_aDataKeyGoesWhenNothingIsSealedUnderIt() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (old, new, rest) = (key(1), key(2), Duration.seconds(15))
    func record(_ sealer: Sealer, at time: Timestamp) -> DataKey {
      DataKey(name: sealer.keyName, tenant: "acme", sealedKey: [1, 2, 3], createdAt: time)
    }
    func retires(at time: Timestamp) async throws -> Bool {
      try await store.retireDataKey(old.keyName, of: "acme", at: time, after: rest)
    }
    _ = try await store.addDataKey(record(old, at: sample.now), ifNewestIs: nil)
    let later = sample.now + .seconds(3600)
    #expect(try await !retires(at: later), "the newest of a tenant stays")
    _ = try await store.addDataKey(record(new, at: sample.now), ifNewestIs: old.keyName)
    var connection = sample.connection(sample.connectionKey(tenant: "acme"))
    connection.sealedCredential = try sealed(old)
    #expect(try await store.establishConnection(connection))
    #expect(try await !retires(at: later), "a credential is sealed under it")
    let found = try await store.connections(sealedOtherThanUnder: new.keyName, of: "acme", after: nil, limit: 9)
    #expect(found.map(\.key) == [connection.key])
    let resealed = ResealedCredential(
      key: connection.key, version: connection.ledger.version, old: try sealed(old), new: try sealed(new))
    try await store.resealCredentials([resealed])
    #expect(try await !retires(at: later), "what was read is no longer there, so nothing was put in its place")
    var mended = resealed
    mended.old = connection.sealedCredential ?? []
    try await store.resealCredentials([mended])
    #expect(try await !retires(at: sample.now + .seconds(14)), "some process may not know the newer one yet")
    let claim = RefreshClaim(
      version: connection.ledger.version, node: NodeID(random), now: sample.now + .seconds(1), lease: .seconds(9000))
    _ = try await store.claimRefresh(of: connection.key, claim)
    #expect(try await !retires(at: later), "a refresh is under way that may have begun with it")
    _ = try await store.revokeConnection(connection.key, because: .withdrawn)
    #expect(try await retires(at: later))
    #expect(try await store.dataKeys(of: "acme").map(\.name) == [new.keyName])
    var late = sample.connection(sample.connectionKey(tenant: "acme"))
    late.sealedCredential = try sealed(old)
    await #expect(throws: StoreError.self) { try await store.establishConnection(late) }
  }

  @Test func R_81_aMasterKeyGoesWhenNothingIsSealedUnderIt() async throws {
    let store = try SQLiteStore(patient: folder.newPath())
    let (old, new) = (key(1), key(2))
    try await store.keepDerivationRoot(try sealed(old))
    #expect(try await !store.retireMasterKey(old.keyName, at: sample.now))
    let value = try #require(try await store.valuesSealed(otherThanUnder: new.keyName).first)
    #expect(try await store.reseal(value, as: try sealed(new)))
    #expect(try await !store.reseal(value, as: try sealed(new)), "it isn't there unchanged any more")
    #expect(try await store.retireMasterKey(old.keyName, at: sample.now))
    let late = DataKey(name: "x", tenant: "acme", sealedKey: try sealed(old), createdAt: sample.now)
    await #expect(throws: StoreError.self) { try await store.addDataKey(late, ifNewestIs: nil) }
  }
}
