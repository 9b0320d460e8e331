import MartletDomain

/// What every `ConnectingStore` must do.
public enum ConnectingStoreContract {
  /// Of however many who present one state, one gets the departure; nobody does once it has ended.
  public static func departuresAreTakenOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(3)
    let sample = Sample()
    let pending = sample.pendingConnection()
    try expect(
      try await stores[0].beginConnecting(pending, spending: nil, capacity: 20), is: true)
    let taken = try await atOnce(20, over: stores) { try await $1.takePendingConnection(pending.state, at: sample.now) }
    try expect(taken.compactMap(\.self), is: [pending])
    let late = sample.pendingConnection()
    _ = try await stores[0].beginConnecting(late, spending: nil, capacity: 20)
    try expect(try await stores[1].takePendingConnection(late.state, at: late.expiresAt), is: nil)
  }

  /// However many click on one link: one leaves, and what the others would have left for isn't stored.
  public static func ticketsAreSpentOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(3)
    let sample = Sample()
    let key = sample.connectionKey()
    let all = (0..<20).map { _ in sample.pendingConnection(key) }
    let ticket = ConnectTicket(
      digest: ArtefactKind.connectTicket.digest(ArtefactKind.connectTicket.mint(sample.random)),
      expiresAt: sample.now + .seconds(60))
    let outcomes = try await atOnce(20, over: stores) {
      try await $1.beginConnecting(all[$0], spending: ticket, capacity: 100)
    }
    try expect(outcomes.count { $0 }, is: 1)
    for (pending, isStored) in zip(all, outcomes) {
      let found = try await stores[1].takePendingConnection(pending.state, at: sample.now)
      try expect(found, is: isStored ? pending : nil)
    }
    try await stores[0].removeExpiredConnecting(at: sample.now)
    try expect(
      try await stores[0].beginConnecting(all[0], spending: ticket, capacity: 100), is: false)
  }

  /// A user has so many departures at most; the oldest go, and nobody else's.
  public static func departuresAreFew(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let (key, other) = (sample.connectionKey(), sample.pendingConnection())
    _ = try await store.beginConnecting(other, spending: nil, capacity: 3)
    var all: [PendingConnection] = []
    for index in 0..<6 {
      var pending = sample.pendingConnection(key)
      pending.expiresAt = sample.now + .seconds(Int64(100 + index))
      all.append(pending)
      _ = try await store.beginConnecting(pending, spending: nil, capacity: 3)
    }
    for (index, pending) in all.enumerated() {
      let found = try await store.takePendingConnection(pending.state, at: sample.now)
      try expect(found, is: index < 3 ? nil : pending)
    }
    try expect(try await store.takePendingConnection(other.state, at: sample.now), is: other)
  }

  /// Registrations come back newest first, of this server at this issuer alone, and one that was refused says so.
  public static func registrationsAreKept(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let all = (0..<3).map { _ in sample.upstreamRegistration() }
    for registration in all { try await store.addUpstreamRegistration(registration) }
    var elsewhere = sample.upstreamRegistration()
    elsewhere.issuer = "https://other.example"
    try await store.addUpstreamRegistration(elsewhere)
    let (route, issuer) = (sample.route, all[0].issuer)
    try expect(try await store.upstreamRegistrations(of: route, issuer: issuer), is: all.reversed())
    try await store.refuseUpstreamRegistration(of: route, issuer: issuer, clientID: all[1].clientID)
    let refused = try await store.upstreamRegistrations(of: route, issuer: issuer).map(\.isRefused)
    try expect(refused, is: [false, true, false])
  }

  /// A server that wants more is heard; one that wants again what was just asked for, three times.
  public static func demandsAreKept(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let key = sample.connectionKey()
    try expect(try await store.requireScopes(["more"], beyond: 1, for: key), is: nil)
    var connection = sample.connection(key)
    connection.scopes = ScopeLedger(asked: ["read"])
    try expect(try await store.establishConnection(connection), is: true)
    try expect(try await store.requireScopes(["more"], beyond: 1, for: key), is: .connect(["more"]))
    try expect(try await store.requireScopes(["most"], beyond: 1, for: key), is: .connect(["more", "most"]))
    var stored = try await store.connection(key)
    try expect(stored?.ledger.state, is: .reauthRequired)
    try expect(stored?.ledger.reason, is: .scopeMissing)
    try expect(stored?.ledger.isUsable, is: true)
    try expect(stored?.scopes, is: ScopeLedger(asked: ["read"], missing: ["more", "most"]))
    for repetition in 1...4 {
      guard var again = stored else { throw ContractViolation("no connection", file: #fileID, line: #line) }
      again.ledger = RefreshLedger(after: again.ledger, isRefreshable: true)
      again.scopes = again.scopes.asking(["read", "more", "most"])
      try expect(try await store.establishConnection(again), is: true)
      let version = again.ledger.version
      try expect(
        try await store.requireScopes(["more"], beyond: version - 1, for: key), is: nil, "a replaced one counted")
      let demand = try await store.requireScopes(["more"], beyond: version, for: key)
      try expect(demand, is: repetition < 3 ? .connect(["more"]) : .exhausted(["more"]))
      stored = try await store.connection(key)
    }
    _ = try await store.revokeConnection(key, because: .disconnected)
    try expect(try await store.requireScopes(["more"], beyond: .max, for: key), is: nil)
  }
}
