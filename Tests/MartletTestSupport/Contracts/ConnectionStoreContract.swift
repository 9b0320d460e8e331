import MartletDomain
import StrictCoding

/// What every `ConnectionStore` must do.
public enum ConnectionStoreContract {
  /// Every field comes back, names are bytes, lists are by tenant and owner.
  public static func connectionsComeBackAsStored(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let keys = ["default", "acme", "ac\u{0}me", "e\u{301}", "\u{e9}"].flatMap { tenant in
      [ConnectionOwner.tenant, .user("tenant"), .user("user:a"), .user("a")].map {
        ConnectionKey(tenant: TenantID(tenant), route: sample.route, owner: $0)
      }
    }
    let all = keys.map { sample.connection($0) }
    for connection in all { try expect(try await store.establishConnection(connection), is: true) }
    for connection in all { try expect(try await store.connection(connection.key), is: connection) }
    try expect(try await store.connection(sample.connectionKey()), is: nil)
    try expect(try await store.connections(tenant: nil, owner: nil).count, is: all.count)
    let ours = try await store.connections(tenant: "acme", owner: nil)
    try expect(Set(ours), is: Set(all.filter { $0.key.tenant == "acme" }))
    try expect(try await store.connections(tenant: "acme", owner: .user("a")).map(\.key.owner), is: [.user("a")])
  }

  /// However many bring a credential after the same one: one is stored. Lease numbers never come back.
  public static func establishingIsByVersion(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(3)
    let sample = Sample()
    var last = sample.connection()
    try expect(try await stores[0].establishConnection(last), is: true)
    let claimed = try await stores[0].claimRefresh(of: last.key, sample.claim(version: 1, at: sample.now))
    try expect(claimed?.outcome, is: .claimed(epoch: 1))
    for round in 2...4 {
      let candidates = (0..<20).map { _ in sample.connection(last.key, after: last.ledger) }
      let outcomes = try await atOnce(20, over: stores) { try await $1.establishConnection(candidates[$0]) }
      try expect(outcomes.count { $0 }, is: 1)
      let stored = try await stores[1].connection(last.key)
      let winner = outcomes.firstIndex(of: true).map { candidates[$0].sealedCredential }
      try expect(stored?.sealedCredential, is: winner ?? nil)
      try expect(stored?.ledger.version, is: round)
      try expect(stored?.ledger.epoch, is: 1)
      try expect(stored?.ledger.intent, is: nil)
      last = stored ?? last
    }
  }

  /// A list of what is due holds all of it and nothing else, those that end first coming first.
  public static func dueIsWhatIsDue(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var generator = sample.random
    var all: [UpstreamConnection] = []
    for index in 0..<60 {
      var connection = sample.connection()
      connection.ledger = RefreshLedger(isRefreshable: index % 7 != 0)
      connection.expiresAt = sample.now + .seconds(Int64(index * 60))
      connection.refreshAt = sample.now + .seconds(Int64.random(in: -600...600, using: &generator))
      try expect(try await store.establishConnection(connection), is: true)
      let key = connection.key
      switch index % 6 {
      case 1: _ = try await store.claimRefresh(of: key, sample.claim(version: 1, at: sample.now))
      case 2: _ = try await store.claimRefresh(of: key, sample.claim(version: 1, at: sample.now - .seconds(60)))
      case 3:
        _ = try await store.claimRefresh(of: key, sample.claim(version: 1, at: sample.now))
        let failure = sample.outage(of: 1, epoch: 1, at: sample.now, retryAfter: .seconds(Int64(index)))
        _ = try await store.recordRefreshFailure(of: key, failure)
      case 4: _ = try await store.revokeConnection(key, because: .disconnected)
      case 5:
        let reason = [ConnectionReason.scopeMissing, .rejected, .unreadable][index / 6 % 3]
        _ = try await store.requireReauthorization(of: key, version: 1, because: reason)
      default: break
      }
      if let stored = try await store.connection(key) { all.append(stored) }
    }
    for delay: Duration in [.zero, .seconds(20), .seconds(700)] {
      let now = sample.now + delay
      let due = try await store.connectionsDue(at: now, limit: 100)
      try expect(due, is: all.filter { $0.isDue(at: now) })
      try expect(try await store.connectionsDue(at: now, limit: 5), is: Array(due.prefix(5)))
    }
  }

  /// Whoever follows the changes hears of each connection's last one, in order, and of nothing twice.
  public static func changesAreFollowed(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let keys = (0..<5).map { _ in sample.connectionKey() }
    for key in keys { try expect(try await stores[0].establishConnection(sample.connection(key)), is: true) }
    let first = try await stores[1].connectionChanges(after: 0, limit: 100)
    try expect(first.map(\.key), is: keys)
    try expect(try await stores[1].connectionChanges(after: 0, limit: 2), is: Array(first.prefix(2)))
    let last = first.last?.sequence ?? 0
    try expect(try await stores[1].connectionChanges(after: last, limit: 100), is: [])
    _ = try await stores[0].revokeConnection(keys[4], because: .withdrawn)
    _ = try await stores[0].revokeConnection(keys[4], because: .withdrawn)
    _ = try await stores[0].revokeConnection(keys[2], because: .withdrawn)
    let later = try await stores[1].connectionChanges(after: last, limit: 100)
    try expect(later.map(\.key), is: [keys[4], keys[2]])
    try expect(later.map(\.version), is: [2, 2])
    try expect(later.map(\.isUsable), is: [false, false])
    try expect(first.allSatisfy(\.isUsable), "a good connection was called unusable")
    try expect(later.map(\.sequence), is: [last + 1, last + 2])
  }

  /// Of several processes that make a tenant's key at once, one does.
  public static func dataKeysAreAddedOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(3)
    let sample = Sample()
    var newest: String?
    for round in 1...3 {
      let keys = (0..<20).map { _ in sample.dataKey(of: "acme") }
      let expected = newest
      let outcomes = try await atOnce(20, over: stores) { try await $1.addDataKey(keys[$0], ifNewestIs: expected) }
      try expect(outcomes.count { $0 }, is: 1)
      let stored = try await stores[0].dataKeys(of: "acme")
      try expect(stored.count, is: round)
      try expect(stored.last, is: outcomes.firstIndex(of: true).map { keys[$0] })
      newest = stored.last?.name
    }
    try expect(try await stores[0].dataKeys(of: .default), is: [])
    try expect(try await stores[0].addDataKey(sample.dataKey(of: .default), ifNewestIs: newest), is: false)
    // A deleted tenant's key never comes back, whoever had been about to make one.
    _ = try await stores[1].setTenantState("acme", .deleted, at: sample.now)
    _ = try await stores[1].purgeTenant("acme")
    try expect(try await stores[2].addDataKey(sample.dataKey(of: "acme"), ifNewestIs: nil), is: false)
    try expect(try await stores[0].dataKeys(of: "acme"), is: [])
  }
}
