import MartletDomain
import StrictCoding

/// What every `UserStore` must do.
public enum UserStoreContract {
  /// A login name belongs to one user; names are bytes.
  public static func loginNamesAreUnique(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var alice = sample.localUser(named: "alice")
    alice.groups = ["a", "b\u{0}c", "😀 \"quoted\""]
    alice.isAdministrator = true
    try expect(try await store.createLocalUser(alice, passwordHash: "hash-1"), is: true)
    try expect(try await store.createLocalUser(sample.localUser(named: "alice"), passwordHash: "x"), is: false)
    var sameID = sample.localUser(named: "bob")
    sameID.id = alice.id
    try expect(try await store.createLocalUser(sameID, passwordHash: "x"), is: false)
    try expect(try await store.createLocalUser(sample.federatedUser(subject: "s"), passwordHash: "x"), is: false)
    let found = try await store.localUser(loginName: "alice")
    try expect(found?.user, is: alice)
    try expect(found?.passwordHash, is: "hash-1")
    for name in ["Alice", "alice\u{0}", "alic\u{435}", "", "alice' OR '1'='1"] {
      try expect(try await store.localUser(loginName: name)?.user, is: nil)
    }
    let composed = sample.localUser(named: "ren\u{E9}")
    let decomposed = sample.localUser(named: "rene\u{301}")
    try expect(try await store.createLocalUser(composed, passwordHash: "1"), is: true)
    try expect(try await store.createLocalUser(decomposed, passwordHash: "2"), is: true)
    try expect(try await store.localUser(loginName: "rene\u{301}")?.passwordHash, is: "2")
    try expect(try await store.users(), is: [alice, composed, decomposed].sorted { $0.id < $1.id })
  }

  /// Making one name at once makes one user.
  public static func creatingAtOnceMakesOneUser(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let users = (0..<20).map { _ in sample.localUser(named: "admin") }
    let made = try await atOnce(users.count, over: stores) { number, store in
      try await store.createLocalUser(users[number], passwordHash: "hash")
    }
    try expect(made.count { $0 }, is: 1)
    try expect(try await stores[0].users().count, is: 1)
  }

  /// Issuer and subject are the identity; nothing else ever joins two users (V-070).
  public static func issuerAndSubjectAreTheIdentity(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = sample.federatedUser(subject: "alice@example.com")
    try expect(try await store.upsertFederatedUser(first), is: first)
    var local = sample.localUser(named: "alice@example.com")
    local.displayName = first.displayName
    try expect(try await store.createLocalUser(local, passwordHash: "h"), is: true)
    let other = sample.federatedUser(issuer: "https://id.other.example", subject: "alice@example.com")
    try expect(try await store.upsertFederatedUser(other), is: other)
    let slash = sample.federatedUser(issuer: "https://id.example/", subject: "alice@example.com")
    try expect(try await store.upsertFederatedUser(slash), is: slash)
    let upper = sample.federatedUser(subject: "Alice@example.com")
    try expect(try await store.upsertFederatedUser(upper), is: upper)
    try expect(try await store.setUserDisabled(first.id, at: sample.now), is: true)
    var again = sample.federatedUser(subject: "alice@example.com")
    again.tenant = "acme"
    again.displayName = "Alice Renamed"
    again.groups = []
    again.isAdministrator = true
    again.createdAt = sample.now + .seconds(99)
    var expected = first
    expected.tenant = "acme"
    expected.displayName = "Alice Renamed"
    expected.groups = []
    expected.disabledAt = sample.now
    try expect(try await store.upsertFederatedUser(again), is: expected)
    try expect(try await store.user(first.id), is: expected)
    try expect(try await store.user(again.id), is: nil)
    try expect(try await store.users().count, is: 5)
    try expect(try await store.localUser(loginName: "alice@example.com")?.user, is: local)
  }

  /// Upserting one identity at once makes one user.
  public static func upsertingAtOnceMakesOneUser(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let candidates = (0..<20).map { _ in sample.federatedUser(subject: "s") }
    let stored = try await atOnce(candidates.count, over: stores) { number, store in
      try await store.upsertFederatedUser(candidates[number])
    }
    try expect(Set(stored.map(\.id)).count, is: 1)
    try expect(try await stores[1].users().map(\.id), is: [stored[0].id])
  }

  /// Disabling, enabling and new passwords.
  public static func usersAreChanged(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let local = sample.localUser(named: "carol")
    let federated = sample.federatedUser(subject: "carol")
    _ = try await store.createLocalUser(local, passwordHash: "old")
    _ = try await store.upsertFederatedUser(federated)
    try expect(try await store.setUserDisabled(local.id, at: sample.now), is: true)
    try expect(try await store.user(local.id)?.disabledAt, is: sample.now)
    try expect(try await store.setUserDisabled(local.id, at: nil), is: true)
    try expect(try await store.user(local.id), is: local)
    try expect(try await store.setUserDisabled("nobody", at: nil), is: false)
    try expect(try await store.setPasswordHash(local.id, "new"), is: true)
    try expect(try await store.localUser(loginName: "carol")?.passwordHash, is: "new")
    try expect(try await store.setPasswordHash(federated.id, "new"), is: false)
    try expect(try await store.setPasswordHash("nobody", "new"), is: false)
    var failed = false
    do { _ = try await store.upsertFederatedUser(local) } catch { failed = true }
    try expect(failed, "a local user was upserted")
  }
}
