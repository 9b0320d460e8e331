import MartletDomain
import StrictCoding

/// What every `APIKeyStore` and `AdminTokenStore` must do.
public enum APIKeyStoreContract {
  /// Keys come back as stored, with their owner; names belong to one live series of an owner.
  public static func keysComeBackAsStored(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let owner = sample.localUser()
    _ = try await store.createLocalUser(owner, passwordHash: "x")
    let scope = KeyScope(
      servers: ["time", "notes"], tools: [ToolPattern("get_*"), ToolPattern("a\u{0}b")], isReadOnly: true,
      addresses: ["192.0.2.0/24", "2001:db8::/32"])
    let key = sample.apiKey(named: "prod", of: owner.id, scope: scope).record
    try expect(try await store.createAPIKey(key), is: true)
    try expect(try await store.apiKey(key.id), is: KnownAPIKey(key: key, owner: owner))
    try expect(try await store.apiKey("nobody"), is: nil)
    try expect(try await store.createAPIKey(sample.apiKey(named: "prod", of: owner.id).record), is: false)
    let alone = sample.apiKey(named: "prod").record
    let foreign = sample.apiKey(named: "prod", of: owner.id, tenant: "acme").record
    for other in [alone, foreign, sample.apiKey(named: "Prod", of: owner.id).record] {
      try expect(try await store.createAPIKey(other), is: true)
    }
    try expect(try await store.createAPIKey(sample.apiKey(named: "prod").record), is: false)
    try expect(try await store.apiKey(alone.id), is: KnownAPIKey(key: alone, owner: nil))
    try expect(try await store.apiKeys(APIKeyFilter(tenant: "acme")), is: [foreign])
    try expect(try await store.apiKeys(APIKeyFilter(owner: owner.id)).count, is: 3)
    let named = try await store.apiKeys(APIKeyFilter(tenant: .default, name: "prod"))
    try expect(named, is: [key, alone].sorted { $0.id < $1.id })
    let page = try await store.apiKeys(APIKeyFilter(limit: 3))
    try expect(page.count, is: 3)
    try expect(try await store.apiKeys(APIKeyFilter(after: page[2].id)).count, is: 1)
    let end = key.expiresAt
    try expect(try await store.apiKeys(APIKeyFilter(liveAt: end - .milliseconds(1))).count, is: 4)
    try expect(try await store.apiKeys(APIKeyFilter(liveAt: end)), is: [])
    let again = sample.apiKey(named: "prod", of: owner.id, createdAt: end).record
    try expect(try await store.createAPIKey(again), is: true, "the name of an ended key is free")
    try await store.noteAPIKeyUse([key.id: sample.now + .seconds(9), "gone": sample.now])
    try await store.noteAPIKeyUse([key.id: sample.now])
    try expect(try await store.apiKey(key.id)?.key.lastUsedAt, is: sample.now + .seconds(9))
    try await store.removeEndedAPIKeys(before: end)
    try expect(try await store.apiKeys(APIKeyFilter()).count, is: 5)
    try await store.removeEndedAPIKeys(before: end + .milliseconds(1))
    try expect(try await store.apiKeys(APIKeyFilter()), is: [again])
  }

  /// Rotation and revocation leave the rows that every process follows; at most two keys of a series are good.
  public static func endingsAreFollowed(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = sample.apiKey(named: "prod").record
    try expect(try await store.createAPIKey(first), is: true)
    func successor(after seconds: Int64) -> APIKey {
      sample.apiKey(named: "prod", series: first.series, createdAt: sample.now + .seconds(seconds)).record
    }
    let second = successor(after: 10)
    let graceEnd = sample.now + .seconds(70)
    try expect(
      try await store.rotateAPIKey(first.id, to: second, graceEnd: graceEnd),
      is: .rotated([first.revocation(from: graceEnd, at: second.createdAt)]))
    try expect(try await store.rotateAPIKey(first.id, to: successor(after: 11), graceEnd: graceEnd), is: .gone)
    try expect(try await store.apiKey(first.id)?.key.expiresAt, is: graceEnd)
    try expect(try await store.apiKey(second.id)?.key, is: second)
    let third = successor(after: 20)
    let farEnd = sample.now + .seconds(999_999)
    guard case .rotated(let rows) = try await store.rotateAPIKey(second.id, to: third, graceEnd: farEnd) else {
      return try expect(false, "the newest key rotates")
    }
    try expect(rows.count, is: 2)
    try expect(try await store.apiKey(second.id)?.key.expiresAt, is: second.expiresAt, "never later than before")
    try expect(try await store.apiKey(first.id)?.key.isLive(at: third.createdAt), is: false, "two at a time")
    try expect(try await store.apiKeys(APIKeyFilter(liveAt: third.createdAt)).count, is: 2)
    let now = sample.now + .seconds(30)
    let ended = try await store.revokeAPIKeys([first.series, "unknown"], at: now)
    try expect(Set(ended.map(\.target)), is: Set([second, third].map { .accessToken($0.id.credentialID) }))
    try expect(ended.allSatisfy { $0.effectiveAt == nil && $0.issuedUntil == .distantFuture }, "at once")
    try expect(try await store.revokeAPIKeys([first.series], at: now), is: [])
    try expect(try await store.apiKeys(APIKeyFilter(liveAt: now)), is: [])
    let stored = try await store.revocations(after: 0, at: sample.now).map(\.revocation)
    try expect(stored.count, is: 5)
    try expect(Set(stored), is: Set([first.revocation(from: graceEnd, at: second.createdAt)] + rows + ended))
  }

  /// Of many that want one name, or one key's succession, at once, one gets it.
  public static func oneGetsIt(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let keys = (0..<20).map { _ in sample.apiKey(named: "prod").record }
    let made = try await atOnce(keys.count, over: stores) { number, store in try await store.createAPIKey(keys[number])
    }
    try expect(made.count { $0 }, is: 1)
    let stored = try await stores[0].apiKeys(APIKeyFilter())
    try expect(stored.count, is: 1)
    let heirs = (0..<20).map { _ in
      sample.apiKey(named: "prod", series: stored[0].series, createdAt: sample.now + .seconds(1)).record
    }
    let rotated = try await atOnce(heirs.count, over: stores) { number, store in
      try await store.rotateAPIKey(stored[0].id, to: heirs[number], graceEnd: sample.now + .seconds(60))
    }
    try expect(rotated.count { $0 != .gone }, is: 1)
    try expect(try await stores[1].apiKeys(APIKeyFilter()).count, is: 2)
  }

  /// Bearers of the admin API come back as stored and end once; service accounts share names with nobody.
  public static func adminTokensAndServiceAccounts(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let tokens = AdminRole.allCases.map { role in
      AdminToken(
        id: AdminTokenID(sample.name()), role: role, tenant: role == .tenantAdmin ? "acme" : nil,
        digest: sample.digest(), lastFour: "abcd", createdAt: sample.now, expiresAt: sample.now + .seconds(60),
        idleLimit: .seconds(30))
    }
    for token in tokens { try await store.createAdminToken(token) }
    try expect(try await store.adminTokens(), is: tokens.sorted { $0.id < $1.id })
    try await store.noteAdminTokenUse(tokens[1].id, at: sample.now + .seconds(7))
    try await store.noteAdminTokenUse(tokens[1].id, at: sample.now + .seconds(3))
    try expect(try await store.adminToken(tokens[1].id)?.lastUsedAt, is: sample.now + .seconds(7))
    try expect(try await store.adminToken(tokens[1].id)?.idleLimit, is: .seconds(30))
    try expect(try await store.revokeAdminToken(tokens[0].id, at: sample.now), is: true)
    try expect(try await store.revokeAdminToken(tokens[0].id, at: sample.now), is: false)
    try expect(try await store.revokeAdminToken(tokens[1].id, at: sample.now + .seconds(60)), is: false)
    try expect(try await store.adminToken(tokens[0].id)?.isLive(at: sample.now), is: false)
    try await store.removeEndedAdminTokens(before: sample.now + .seconds(1))
    try expect(try await store.adminTokens().count, is: 2)
    let person = sample.localUser(named: "ada")
    let robot = User(
      id: "usr_robot", tenant: "acme", origin: .service(name: "nightly"), displayName: "nightly",
      createdAt: sample.now)
    try expect(try await store.createServiceUser(robot), is: true)
    try expect(try await store.createLocalUser(person, passwordHash: "x"), is: true)
    for (id, name) in [("a", "nightly"), ("b", "ada")] {
      var other = robot
      other.id = UserID(id)
      other.origin = .service(name: name)
      try expect(try await store.createServiceUser(other), is: false)
    }
    try expect(try await store.createLocalUser(sample.localUser(named: "nightly"), passwordHash: "x"), is: false)
    try expect(try await store.createServiceUser(person), is: false)
    try expect(try await store.account(named: "nightly"), is: robot)
    try expect(try await store.account(named: "ada"), is: person)
    try expect(try await store.user(robot.id), is: robot)
    try expect(try await store.localUser(loginName: "nightly")?.user, is: nil, "nobody logs in as one")
    try expect(try await store.removeUser(robot.id), is: true)
    try expect(try await store.removeUser(robot.id), is: false)
    try expect(try await store.users(), is: [person])
  }
}
