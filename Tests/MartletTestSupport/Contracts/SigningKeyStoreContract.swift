import MartletDomain

/// What every `SigningKeyStore` must do.
public enum SigningKeyStoreContract {
  /// Keys are added after the newest that was seen, and retire.
  public static func keysRotate(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = sample.signingKey()
    try expect(try await store.addSigningKey(first, ifNewestIs: "ghost", retiringOthersAt: nil), is: false)
    try expect(try await store.addSigningKey(first, ifNewestIs: nil, retiringOthersAt: nil), is: true)
    let assertion = sample.signingKey(use: .assertion)
    try expect(try await store.addSigningKey(assertion, ifNewestIs: nil, retiringOthersAt: nil), is: true)
    let second = sample.signingKey()
    let retirement = sample.now + .seconds(7200)
    try expect(try await store.addSigningKey(second, ifNewestIs: nil, retiringOthersAt: retirement), is: false)
    try expect(try await store.addSigningKey(second, ifNewestIs: first.id, retiringOthersAt: retirement), is: true)
    let third = sample.signingKey()
    try expect(
      try await store.addSigningKey(third, ifNewestIs: second.id, retiringOthersAt: retirement + .seconds(1)), is: true)
    var retiredFirst = first
    retiredFirst.retiresAt = retirement
    var retiredSecond = second
    retiredSecond.retiresAt = retirement + .seconds(1)
    try expect(try await store.signingKeys(at: sample.now), is: [retiredFirst, assertion, retiredSecond, third])
    try expect(try await store.signingKeys(at: retirement), is: [assertion, retiredSecond, third])
    try await store.removeRetiredSigningKeys(at: retirement)
    try expect(try await store.signingKeys(at: sample.now), is: [assertion, retiredSecond, third])
  }

  /// Two processes that rotate at once add one key.
  public static func rotatingAtOnceAddsOneKey(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    var newest: String?
    for round in 1...5 {
      let keys = (0..<20).map { _ in sample.signingKey() }
      let expected = newest
      let added = try await atOnce(keys.count, over: stores) { number, store in
        try await store.addSigningKey(keys[number], ifNewestIs: expected, retiringOthersAt: nil)
      }
      let winners = keys.indices.filter { added[$0] }
      try expect(winners.count, is: 1)
      newest = keys[winners[0]].id
      try expect(try await stores[round % 2].signingKeys(at: sample.now).count, is: round)
    }
  }
}
