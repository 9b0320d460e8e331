import MartletDomain

/// What every `AuthorizationStore` must do with consents and assertions.
public enum ConsentContract {
  /// A consent covers its own user, client, route, redirect host and browser, and no other (V-018b).
  public static func consentIsBound(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let consent = try await stored(consent(sample), sample, in: store)
    try expect(try await store.consent(like: consent), is: consent)
    var others = Array(repeating: consent, count: 7)
    others[0].tenant = "other"
    others[1].user = "other"
    others[2].client = "other"
    others[3].route = RouteID(server: "mail")
    others[4].route = RouteID(space: "acme", server: "time")
    others[5].redirectHost = "127.0.0.1"
    others[6].browser = sample.digest()
    for other in others { try expect(try await store.consent(like: other), is: nil) }
  }

  /// Agreeing again adds to what was agreed to.
  public static func consentGrows(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = try await stored(consent(sample), sample, in: store)
    var second = first
    second.scope = ["files"]
    second.grantedAt = sample.now + .seconds(60)
    _ = try await stored(second, sample, in: store)
    let merged = try await store.consent(like: first)
    try expect(merged?.scope, is: ["mcp", "files"])
    try expect(merged?.grantedAt, is: second.grantedAt)
  }

  /// Consents are forgotten for one client, or for all.
  public static func consentsAreForgotten(makeStore: StoreMaker) async throws {
    let store = try await makeStore()
    let sample = Sample()
    let first = try await stored(consent(sample), sample, in: store)
    var second = first
    second.client = "second"
    second.redirectHost = "b.example"
    _ = try await stored(second, sample, in: store)
    var foreign = first
    foreign.user = "someone-else"
    _ = try await stored(foreign, sample, in: store)
    try await store.forgetConsents(tenant: "other", user: first.user, client: nil)
    try await store.forgetConsents(tenant: first.tenant, user: first.user, client: first.client)
    try expect(try await store.consent(like: first), is: nil)
    try expect(try await store.consent(like: second), is: second)
    try await store.forgetConsents(tenant: first.tenant, user: first.user, client: nil)
    try expect(try await store.consent(like: second), is: nil)
    try expect(try await store.consent(like: foreign), is: foreign)
  }

  /// An assertion counts once for its client, however many present it at once (RFC 7523 §3).
  public static func assertionCountsOnce(makeStores: SharedStoreMaker) async throws {
    let stores = try await makeStores(2)
    let sample = Sample()
    let expiry = sample.now + .seconds(60)
    let id = sample.random.bytes(20)
    let accepted = try await atOnce(30, over: stores) { _, store in
      try await store.rememberAssertion(of: "ci", id: id, until: expiry)
    }
    try expect(accepted.count { $0 }, is: 1)
    try expect(try await stores[0].rememberAssertion(of: "other", id: id, until: expiry), is: true)
    try expect(try await stores[0].rememberAssertion(of: "ci", id: id + [0], until: expiry), is: true)
    try await stores[0].removeExpiredAuthorizations(at: expiry - .milliseconds(1))
    try expect(try await stores[1].rememberAssertion(of: "ci", id: id, until: expiry), is: false)
    try await stores[0].removeExpiredAuthorizations(at: expiry)
    try expect(try await stores[1].rememberAssertion(of: "ci", id: id, until: expiry), is: true)
  }

  private static func consent(_ sample: Sample) -> Consent {
    Consent(
      tenant: .default, user: "alice", client: "https://client.example/id", route: sample.route,
      redirectHost: "client.example", browser: sample.digest(), scope: ["mcp"], grantedAt: sample.now)
  }

  private static func stored(_ consent: Consent, _ sample: Sample, in store: any DurableStore) async throws -> Consent {
    let pending = sample.pending()
    _ = try await store.beginAuthorization(pending)
    let outcome = try await store.completeAuthorization(
      pending.id, sealedOutcome: [1], code: nil, consent: consent, at: sample.now)
    try expect(outcome, is: .completed)
    return consent
  }
}

extension AuthorizationStore {
  fileprivate func consent(like consent: Consent) async throws(StoreError) -> Consent? {
    try await self.consent(
      tenant: consent.tenant, user: consent.user, client: consent.client, route: consent.route,
      redirectHost: consent.redirectHost, browser: consent.browser)
  }
}
