import MartletDomain
import StrictCoding

/// What every `ConnectionStore` must do while several processes refresh.
public enum RefreshLeaseContract {
  /// However many ask at once, over however many handles: one may redeem the token (R-01, V-058).
  public static func oneClaimAtATime(makeStores: SharedStoreMaker, handles: Int) async throws {
    let stores = try await makeStores(handles)
    let sample = Sample()
    let connection = sample.connection()
    let key = connection.key
    try expect(try await stores[0].establishConnection(connection), is: true)
    let count = TestCounts.pick(reduced: 100, full: 1000)
    let rounds = TestCounts.pick(reduced: 5, full: 100)
    for round in 1...rounds {
      let now = sample.now + .seconds(Int64(round))
      let claims = (0..<count).map { _ in sample.claim(version: round, at: now) }
      let outcomes = try await atOnce(count, over: stores) { number, store in
        try await store.claimRefresh(of: key, claims[number])?.outcome
      }
      try expect(outcomes.count { $0 == .claimed(epoch: round) }, is: 1)
      try expect(outcomes.count { $0 == .held(until: now + .seconds(15)) }, is: count - 1)
      let renewals = (0..<count).map { _ in sample.renewal(of: round, epoch: round, at: now) }
      let reports = try await atOnce(count, over: stores) { number, store in
        try await store.commitRefreshedCredential(of: key, renewals[number])
      }
      try expect(reports.count { $0 == .recorded }, is: 1)
      try expect(reports.count { $0 == .superseded }, is: count - 1)
      let stored = try await stores[round % handles].connection(key)
      try expect(stored?.ledger.version, is: round + 1)
      try expect(stored?.sealedCredential, is: reports.firstIndex(of: .recorded).map { renewals[$0].sealedCredential })
    }
  }

  /// A lease that was renewed holds, one that lapsed is taken over, and whoever lost it stores nothing in the midst of
  /// the next one's work, nor over it.
  public static func staleHolderIsFenced(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let (first, second) = (stores[0], stores[1])
    let sample = Sample()
    let connection = sample.connection()
    let key = connection.key
    try expect(try await first.establishConnection(connection), is: true)
    try expect(
      try await first.claimRefresh(of: key, sample.claim(version: 1, at: sample.now))?.outcome, is: .claimed(epoch: 1))
    let end = sample.now + .seconds(25)
    try expect(try await first.renewRefreshLease(of: key, epoch: 1, until: end), is: true)
    let early = sample.claim(version: 1, at: sample.now + .seconds(24))
    try expect(try await second.claimRefresh(of: key, early)?.outcome, is: .held(until: end))
    let taken = try await second.claimRefresh(of: key, sample.claim(version: 1, at: end))
    try expect(taken?.outcome, is: .claimed(epoch: 2))
    try expect(taken?.connection.ledger.mayBeSpent, is: true)
    try expect(try await first.renewRefreshLease(of: key, epoch: 1, until: end + .seconds(60)), is: false)
    let late = sample.renewal(of: 1, epoch: 1, at: end)
    try expect(
      try await first.commitRefreshedCredential(of: key, late), is: .held(until: end + .seconds(15)))
    let refusal = RefreshFailure(version: 1, epoch: 1, cause: .refused, now: end)
    try expect(try await first.recordRefreshFailure(of: key, refusal), is: .held(until: end + .seconds(15)))
    let good = sample.renewal(of: 1, epoch: 2, at: end)
    try expect(try await second.commitRefreshedCredential(of: key, good), is: .recorded)
    try expect(try await first.commitRefreshedCredential(of: key, late), is: .superseded)
    try expect(try await first.recordRefreshFailure(of: key, refusal), is: .superseded)
    let stored = try await first.connection(key)
    try expect(stored?.sealedCredential, is: good.sealedCredential)
    try expect(stored?.scope, is: connection.scope)
    try expect(stored?.ledger.state, is: .active)
    try expect(stored?.ledger.mayBeSpent, is: false)
  }

  /// A failure that may pass takes nothing away and rests the connection; a refusal is believed of the newest lease
  ///
  public static func failuresTakeNothingAway(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let connection = sample.connection()
    let key = connection.key
    try expect(try await store.establishConnection(connection), is: true)
    _ = try await store.claimRefresh(of: key, sample.claim(version: 1, at: sample.now))
    let outage = sample.outage(of: 1, epoch: 1, at: sample.now, retryAfter: .seconds(20))
    try expect(try await store.recordRefreshFailure(of: key, outage), is: .recorded)
    let rest = sample.now + .seconds(20)
    var stored = try await store.connection(key)
    try expect(stored?.ledger.state, is: .error)
    try expect(stored?.ledger.reason, is: .issuerUnavailable)
    try expect(stored?.sealedCredential, is: connection.sealedCredential)
    let early = sample.claim(version: 1, at: sample.now + .seconds(19))
    try expect(try await store.claimRefresh(of: key, early)?.outcome, is: .resting(until: rest))
    try expect(
      try await store.claimRefresh(of: key, sample.claim(version: 1, at: rest))?.outcome, is: .claimed(epoch: 2))
    let refusal = RefreshFailure(version: 1, epoch: 2, cause: .refused, now: rest)
    try expect(try await store.recordRefreshFailure(of: key, refusal), is: .recorded)
    stored = try await store.connection(key)
    try expect(stored?.ledger.state, is: .reauthRequired)
    try expect(stored?.ledger.reason, is: .interrupted)
    try expect(stored?.sealedCredential, is: connection.sealedCredential)
    try expect(
      try await store.claimRefresh(of: key, sample.claim(version: 1, at: rest + .seconds(3600)))?.outcome, is: .ended)
  }

  /// Taking a connection away takes the credential along, and what was under way for it finds another version.
  public static func revokingTakesTheCredential(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let connection = sample.connection()
    let key = connection.key
    try expect(try await store.revokeConnection(key, because: .disconnected), is: false)
    try expect(try await store.establishConnection(connection), is: true)
    _ = try await store.claimRefresh(of: key, sample.claim(version: 1, at: sample.now))
    try expect(try await store.revokeConnection(key, because: .disconnected), is: true)
    try expect(try await store.revokeConnection(key, because: .withdrawn), is: false)
    let late = sample.renewal(of: 1, epoch: 1, at: sample.now)
    try expect(try await store.commitRefreshedCredential(of: key, late), is: .superseded)
    let stored = try await store.connection(key)
    try expect(stored?.sealedCredential, is: nil)
    try expect(stored?.ledger.state, is: .revoked)
    try expect(stored?.ledger.reason, is: .disconnected)
    try expect(stored?.ledger.version, is: 2)
    let again = sample.connection(key, after: stored?.ledger)
    try expect(try await store.establishConnection(again), is: true)
    try expect(try await store.connection(key)?.ledger.state, is: .active)
    let unknown = sample.connectionKey()
    try expect(try await store.claimRefresh(of: unknown, sample.claim(version: 1, at: sample.now)) == nil, "a row")
    try expect(try await store.commitRefreshedCredential(of: unknown, late), is: .superseded)
  }

  /// Whatever is asked of it, in whatever order: a store keeps what the ledger decides.
  public static func storesDecideAsTheLedger(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    for seed in 1...UInt64(TestCounts.pick(reduced: 6, full: 100)) {
      var walk = LedgerWalk(sample: Sample(seed: seed), store: store)
      for _ in 0..<80 { try await walk.step() }
    }
  }
}

/// A random history of one connection, kept by a store and by itself.
private struct LedgerWalk {
  var sample: Sample
  let store: any DurableStore
  var expected: UpstreamConnection
  var isStored = false

  init(sample: Sample, store: any DurableStore) {
    self.sample = sample
    self.store = store
    expected = sample.connection()
  }

  mutating func step() async throws {
    guard isStored else {
      isStored = try await store.establishConnection(expected)
      return try expect(isStored, is: true)
    }
    var generator = sample.random
    sample.now = sample.now + .seconds(Int64.random(in: 0...12, using: &generator))
    let key = expected.key
    let version = max(1, expected.ledger.version - (Int.random(in: 0...5, using: &generator) == 0 ? 1 : 0))
    let epoch = max(1, expected.ledger.epoch - (Int.random(in: 0...3, using: &generator) == 0 ? 1 : 0))
    switch Int.random(in: 0..<12, using: &generator) {
    case 0...4:
      let claim = sample.claim(version: version, at: sample.now)
      try expect(try await store.claimRefresh(of: key, claim)?.outcome, is: expected.ledger.claim(claim))
    case 5...6:
      let renewal = sample.renewal(of: version, epoch: epoch, at: sample.now, scope: ["read"])
      try expect(try await store.commitRefreshedCredential(of: key, renewal), is: expected.commit(renewal))
    case 7...8:
      let failure = sample.outage(of: version, epoch: epoch, at: sample.now, retryAfter: .seconds(5))
      try expect(try await store.recordRefreshFailure(of: key, failure), is: expected.ledger.record(failure))
    case 9:
      let end = sample.now + .seconds(20)
      let isRenewed = expected.ledger.renew(epoch: epoch, until: end)
      try expect(try await store.renewRefreshLease(of: key, epoch: epoch, until: end), is: isRenewed)
    case 10:
      let refusal = RefreshFailure(version: version, epoch: epoch, cause: .refused, now: sample.now)
      try expect(try await store.recordRefreshFailure(of: key, refusal), is: expected.ledger.record(refusal))
    default:
      if Bool.random(using: &generator) {
        let isRevoked = expected.revoke(because: .withdrawn)
        try expect(try await store.revokeConnection(key, because: .withdrawn), is: isRevoked)
      }
      expected = sample.connection(key, after: expected.ledger)
      try expect(try await store.establishConnection(expected), is: true)
    }
    try expect(try await store.connection(key), is: expected)
  }
}
