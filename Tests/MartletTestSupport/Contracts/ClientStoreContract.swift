import MartletDomain
import OAuthProtocol
import StrictCoding

/// What every `ClientStore` must do.
public enum ClientStoreContract {
  /// Everything that was stored comes back, odd text included.
  public static func clientsComeBackAsStored(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    var full = sample.client(fingerprint: sample.random.bytes(32))
    full.origin = .administrator
    full.tenant = "acme"
    full.name = "Ro\u{301}bert'); DROP TABLE client;-- \u{0} 🦅 \"[]"
    full.redirectURIs = [
      try RedirectURI(registering: "http://127.0.0.1/callback?a=b"),
      try RedirectURI(registering: "https://a.example/cb"),
      try RedirectURI(registering: "odd:/cb", policy: RedirectURIPolicy(privateUseSchemes: ["odd"])),
    ]
    full.grantTypes = Set(GrantType.allCases)
    full.authenticationMethod = .privateKeyJWT
    full.secretDigests = [sample.digest(), sample.digest()]
    full.keySet = Array("{\"keys\":[]}".utf8)
    full.keySetURI = "https://a.example/jwks"
    full.servers = ["time", "mail"]
    full.firstUsedAt = sample.now + .seconds(5)
    var bare = sample.client()
    bare.servers = []
    for client in [full, bare] {
      try expect(try await store.registerClient(client, quota: nil), is: .created(client))
      try expect(try await store.client(client.id), is: client)
    }
    try expect(try await store.client("nobody"), is: nil)
    try expect(try await store.clients(), is: [full, bare].sorted { $0.id < $1.id })
    try expect(try await store.removeClient(full.id), is: true)
    try expect(try await store.removeClient(full.id), is: false)
    try expect(try await store.client(full.id), is: nil)
  }

  /// Identifiers are bytes: neither Unicode equivalence nor a NUL makes two of them one (S-03).
  public static func identifiersAreBytes(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let ids: [ClientID] = [
      "caf\u{E9}", "cafe\u{301}", "cafe", "cafe\u{0}", "cafe\u{0}x", "CAFE", ClientID(ByteString([0x63, 0xFF])),
      ClientID(ByteString([0x63, 0xFE])), ClientID(ByteString(Array("c\u{FFFD}".utf8))), "",
    ]
    for id in ids {
      var client = sample.client()
      client.id = id
      try expect(try await store.registerClient(client, quota: nil), is: .created(client), "\(id.value.bytes)")
    }
    try expect(try await store.clients().map(\.id), is: ids.sorted())
    for id in ids { try expect(try await store.client(id)?.id, is: id) }
  }

  /// The same public registration is the same client (G7); a confidential one never is.
  public static func publicRegistrationIsIdempotent(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = sample.client(fingerprint: [1, 2, 3])
    try expect(try await store.registerClient(first, quota: nil), is: .created(first))
    let again = sample.client(fingerprint: [1, 2, 3])
    try expect(try await store.registerClient(again, quota: RegistrationQuota(unusedClients: 1)), is: .existing(first))
    var confidential = sample.client(fingerprint: [1, 2, 3])
    confidential.authenticationMethod = .clientSecretBasic
    confidential.secretDigests = [sample.digest()]
    try expect(try await store.registerClient(confidential, quota: nil), is: .created(confidential))
    var twin = confidential
    twin.id = ClientID(sample.name())
    try expect(try await store.registerClient(twin, quota: nil), is: .created(twin))
    let other = sample.client(fingerprint: [1, 2, 4])
    try expect(try await store.registerClient(other, quota: nil), is: .created(other))
    let unmarked = sample.client()
    try expect(try await store.registerClient(unmarked, quota: nil), is: .created(unmarked))
  }

  /// Registering the same at once makes one client (V-058).
  public static func registeringAtOnceMakesOneClient(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let candidates = (0..<40).map { _ in sample.client(fingerprint: [7]) }
    let outcomes = try await atOnce(candidates.count, over: stores) { number, store in
      try await store.registerClient(candidates[number], quota: RegistrationQuota(unusedClients: 5))
    }
    let created = outcomes.compactMap { if case .created(let client) = $0 { client } else { nil } }
    try expect(created.count, is: 1)
    for outcome in outcomes where outcome != .created(created[0]) { try expect(outcome, is: .existing(created[0])) }
    try expect(try await stores[1].clients(), is: created)
  }

  /// A taken id replaces nothing.
  public static func takenIDReplacesNothing(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = sample.client(fingerprint: [1])
    _ = try await store.registerClient(first, quota: nil)
    var thief = sample.client(fingerprint: [2])
    thief.id = first.id
    try expect(try await store.registerClient(thief, quota: nil), is: .quotaExceeded)
    thief.fingerprint = nil
    try expect(try await store.registerClient(thief, quota: nil), is: .quotaExceeded)
    try expect(try await store.client(first.id), is: first)
  }

  /// Only dynamic clients that were never used expire.
  public static func onlyUnusedRegistrationsExpire(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let unused = sample.client()
    let used = sample.client()
    let young = sample.client(createdAt: sample.now + .seconds(10))
    var others: [RegisteredClient] = []
    for origin in ClientOrigin.allCases where origin != .dynamicRegistration {
      var client = sample.client()
      client.origin = origin
      others.append(client)
    }
    for client in [unused, used, young] + others { _ = try await store.registerClient(client, quota: nil) }
    try await store.noteClientUse(used.id, at: sample.now + .seconds(1))
    try await store.noteClientUse(used.id, at: sample.now + .seconds(2))
    try await store.noteClientUse("nobody", at: sample.now)
    try expect(try await store.removeNeverUsedClients(registeredBefore: sample.now), is: 0)
    try expect(try await store.removeNeverUsedClients(registeredBefore: sample.now + .seconds(10)), is: 1)
    try expect(try await store.client(unused.id), is: nil)
    try expect(try await store.client(used.id)?.firstUsedAt, is: sample.now + .seconds(1))
    try expect(try await store.clients().count, is: 2 + others.count)
  }
}
