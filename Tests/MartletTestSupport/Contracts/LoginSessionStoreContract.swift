import MartletDomain

/// What every `LoginSessionStore` must do.
public enum LoginSessionStoreContract {
  /// Sessions last until they end, by time, by hand or with their user.
  public static func sessionsEnd(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let user = sample.localUser()
    let sessions = (0..<4).map { _ in sample.loginSession(of: user) }
    var foreign = sample.loginSession(of: user)
    foreign.tenant = "other"
    for session in sessions + [foreign] {
      try await store.createLoginSession(session)
      try expect(try await store.loginSession(session.digest, at: sample.now), is: session)
    }
    try expect(try await store.loginSession(sessions[0].digest, at: sessions[0].expiresAt), is: nil)
    try await store.endLoginSession(sessions[0].digest)
    try expect(try await store.loginSession(sessions[0].digest, at: sample.now), is: nil)
    try expect(try await store.loginSession(sessions[1].digest, at: sample.now), is: sessions[1])
    try await store.endLoginSessions(tenant: .default, user: user.id)
    for session in sessions { try expect(try await store.loginSession(session.digest, at: sample.now), is: nil) }
    try expect(try await store.loginSession(foreign.digest, at: sample.now), is: foreign)
    try await store.removeExpiredLogins(at: foreign.expiresAt - .milliseconds(1))
    try expect(try await store.loginSession(foreign.digest, at: sample.now), is: foreign)
    try await store.removeExpiredLogins(at: foreign.expiresAt)
    try expect(try await store.loginSession(foreign.digest, at: sample.now), is: nil)
  }

  /// A login comes back from its provider once.
  public static func federatedLoginIsTakenOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    var login = sample.federatedLogin()
    login.transaction = nil
    login.nonce = "n\u{0}n"
    try await stores[0].beginFederatedLogin(login, capacity: .max, at: sample.now)
    let wanted = login.state
    let taken = try await atOnce(30, over: stores) { _, store in
      try await store.consumeFederatedLogin(wanted, at: sample.now)
    }
    try expect(taken.compactMap { $0 }, is: [login])
    let late = sample.federatedLogin()
    try await stores[0].beginFederatedLogin(late, capacity: .max, at: sample.now)
    try expect(try await stores[1].consumeFederatedLogin(late.state, at: late.expiresAt), is: nil)
    try expect(try await stores[1].consumeFederatedLogin(late.state, at: sample.now), is: nil)
    let kept = sample.federatedLogin()
    try await stores[0].beginFederatedLogin(kept, capacity: .max, at: sample.now)
    try await stores[0].removeExpiredLogins(at: kept.expiresAt - .milliseconds(1))
    try expect(try await stores[0].consumeFederatedLogin(kept.state, at: sample.now), is: kept)
  }

  /// A flood of departures pushes out its own network's and nobody else's; what has ended makes room first.
  public static func federatedLoginsAreBounded(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let neighbour = sample.federatedLogin(from: "neighbour")
    try await store.beginFederatedLogin(neighbour, capacity: 10, at: sample.now)
    var flood: [FederatedLogin] = []
    for number in 1...TestCounts.pick(reduced: 50, full: 20_000) {
      let at = sample.now + .milliseconds(number)
      flood.append(sample.federatedLogin(from: "flooded", at: at))
      try await store.beginFederatedLogin(flood[number - 1], capacity: 10, at: at)
    }
    let newcomer = sample.federatedLogin(from: "new", at: sample.now + .seconds(60))
    try await store.beginFederatedLogin(newcomer, capacity: 10, at: sample.now + .seconds(60))
    var left: [FederatedLogin] = []
    for one in flood {
      if let kept = try await store.consumeFederatedLogin(one.state, at: sample.now) { left.append(kept) }
    }
    try expect(left, is: Array(flood.suffix(8)), "the newest of the flood beside the two others")
    try expect(try await store.consumeFederatedLogin(neighbour.state, at: sample.now), is: neighbour)
    try expect(try await store.consumeFederatedLogin(newcomer.state, at: sample.now), is: newcomer)
    let ended = sample.federatedLogin(from: "few")
    let living = (0..<2).map { _ in sample.federatedLogin(from: "many", at: ended.expiresAt) }
    for one in [ended] + living { try await store.beginFederatedLogin(one, capacity: 2, at: ended.expiresAt) }
    for one in living {
      try expect(try await store.consumeFederatedLogin(one.state, at: ended.expiresAt), is: one)
    }
  }
}
