import Crypto
import Foundation
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct SigningKeysTests {
  private static func keys(_ fixture: TokenFixture, sealer: Sealer? = nil, seed: UInt64 = 99) -> SigningKeys {
    SigningKeys(
      store: fixture.store, sealer: sealer ?? fixture.sealer, clock: fixture.clock, random: SeededRandom(seed: seed),
      tokenLifetime: { [settings = fixture.settings] in settings.current.tokens.accessLifetime }, audit: fixture.audit)
  }

  private static func kids(_ keys: SigningKeys) throws -> Set<String> {
    let json = Answer(response: keys.jwks()).json
    return Set(try #require(json["keys"]?.arrayValue).compactMap { $0["kid"]?.stringValue })
  }

  private static func issue(_ fixture: TokenFixture, _ keys: SigningKeys) throws -> ByteString {
    let issuer = AccessTokenIssuer(
      settings: { [settings = fixture.settings] in settings.current }, keys: keys, random: fixture.random)
    return ByteString(
      try issuer.issue(
        AccessTokenGrant(
          tenant: .default, subject: "ann", client: "app", route: TokenFixture.time, scope: ["mcp"], grant: nil,
          flow: nil),
        at: fixture.clock.now()
      ).token)
  }

  /// Ten rotations in 33 hours, two processes on one store that re-read now and then: every token that is alive by its
  /// own `exp` verifies in both, and with what a cache of `/jwks` held up to five minutes ago. At full count a token a
  /// minute, else one in six.
  @Test func R_80_tenRotationsWithoutARejectedToken() async throws {
    let fixture = try await TokenFixture(seed: 80)
    let one = fixture.keys
    let two = Self.keys(fixture)
    try await two.load()
    #expect(try Self.kids(one) == Self.kids(two))
    let verifiers = [one, two].map { keys in
      AccessTokenVerifier(
        settings: { [settings = fixture.settings] in settings.current }, keys: keys, revocations: fixture.index)
    }
    var tokens: [(ByteString, until: Timestamp, kid: String)] = []
    var cached = (kids: try Self.kids(two), at: fixture.clock.now())
    var verified = 0
    let step = TestCounts.pick(reduced: 6, full: 1)
    var signers: Set<String> = []
    for minute in 0..<(11 * 180) {
      if minute % 180 == 60, minute / 180 < 10 { try await (minute % 360 == 60 ? one : two).rotate(.accessToken) }
      // A process re-reads every minute; the tests let one of them miss two of three.
      if minute % 3 == 0 { try await one.refresh() }
      if minute % 3 == 1 { try await two.refresh() }
      defer { fixture.clock.advance(by: .seconds(60)) }
      if fixture.clock.now() - cached.at >= .seconds(300) { cached = (try Self.kids(two), fixture.clock.now()) }
      guard minute % step == 0 else { continue }
      let keys = minute / step % 2 == 0 ? one : two
      let token = try Self.issue(fixture, keys)
      let kid = try #require(try JSONWebSignature(compact: token.bytes).keyID)
      tokens.append((token, until: fixture.clock.now() + .seconds(3600), kid: kid))
      signers.insert(kid)
      tokens.removeAll { $0.until <= fixture.clock.now() }
      for token in tokens {
        for verifier in verifiers {
          #expect(throws: Never.self) {
            try verifier.verify(token.0, for: TokenFixture.time, at: fixture.clock.now())
          }
          verified += 1
        }
      }
      #expect(cached.kids.contains(kid), "an outside cache knows the signer")
    }
    #expect(signers.count == 11)
    #expect(verified > 200_000 / step / step)
    fixture.clock.advance(by: .seconds(86_400))
    try await fixture.store.removeRetiredSigningKeys(at: fixture.clock.now())
    try await one.refresh()
    #expect(try Self.kids(one).count == 2, "one of each use is left")
  }

  @Test func R_80_aNewKeyIsPublishedBeforeItSigns() async throws {
    let fixture = try await TokenFixture()
    let before = try Self.kids(fixture.keys)
    let new = try await fixture.keys.rotate(.accessToken)
    #expect(try Self.kids(fixture.keys) == before.union([new]))
    let sign = { try JSONWebSignature(compact: try Self.issue(fixture, fixture.keys).bytes).keyID }
    #expect(try sign() != new)
    fixture.clock.advance(by: SigningKeys.publication - .milliseconds(1))
    #expect(try sign() != new)
    fixture.clock.advance(by: .milliseconds(1))
    #expect(try sign() == new)
    #expect(Answer(response: fixture.keys.jwks()).header("cache-control") == "public, max-age=300")
    #expect(fixture.audit.events.contains { $0.action == .signingKeyRotated && $0.target == new })
  }

  @Test func R_80_aTokenNeverOutlivesItsKey() async throws {
    let fixture = try await TokenFixture()
    try await fixture.keys.rotate(.accessToken)
    // The operator makes tokens live for a day, while the old key still signs and retires in less than two hours.
    fixture.settings.change { $0.tokens.accessLifetime = .seconds(86_400) }
    let token = try Self.issue(fixture, fixture.keys)
    let principal = try fixture.verify(token)
    #expect(principal.expiresAt == fixture.clock.now() + .seconds(600 + 3600 + 600))
  }

  @Test func twoProcessesThatRotateAtOnceAddOneKey() async throws {
    let fixture = try await TokenFixture()
    let two = Self.keys(fixture)
    try await two.load()
    let before = try Self.kids(two).count
    async let first = fixture.keys.rotate(.accessToken)
    async let second = two.rotate(.accessToken)
    let added = Set([try await first, try await second])
    try await two.refresh()
    #expect(try Self.kids(two).count == before + added.count)
    #expect(added.count == 1)
  }

  /// Two years of two processes that look every half minute for a while around each due date, with tokens that live
  /// for a day.
  @Test func R_80_keysChangeOnTheirOwn() async throws {
    let fixture = try await TokenFixture(seed: 90)
    fixture.settings.change { $0.tokens.accessLifetime = .seconds(86_400) }
    let two = Self.keys(fixture)
    try await two.load()
    let lifetime: Duration = .seconds(90 * 86_400)
    var last: (token: ByteString, issuedAt: Timestamp)?
    for round in 1...8 {
      let start = try #require(
        try await fixture.store.signingKeys(at: fixture.clock.now()).filter { $0.use == .accessToken }.last)
      fixture.clock.set(start.activatesAt + lifetime - SigningKeys.publication - .milliseconds(1))
      for keys in [fixture.keys, two] {
        try await keys.refresh()
        #expect(try await keys.rotateWhereDue(after: lifetime) == [], "not yet")
      }
      last = (try Self.issue(fixture, fixture.keys), fixture.clock.now())
      fixture.clock.advance(by: .milliseconds(1))
      async let first = fixture.keys.rotateWhereDue(after: lifetime)
      async let second = two.rotateWhereDue(after: lifetime)
      let added = Set(try await first + second)
      #expect(added.count == SigningKeyUse.allCases.count, "one for each use, whoever was first")
      for _ in 0..<3 {
        try await two.refresh()
        #expect(try await two.rotateWhereDue(after: lifetime) == [], "and no other")
      }
      #expect(try Self.kids(two).isSuperset(of: added), "published before it signs")
      let before = try JSONWebSignature(compact: try Self.issue(fixture, two).bytes).keyID
      #expect(before == start.id)
      fixture.clock.set(start.activatesAt + lifetime)
      try await fixture.keys.refresh()
      let after = try #require(try JSONWebSignature(compact: try Self.issue(fixture, fixture.keys).bytes).keyID)
      #expect(after != start.id && added.contains(after), "round \(round)")
      let old = try #require(last)
      fixture.clock.set(old.issuedAt + .seconds(86_399))
      try await fixture.store.removeRetiredSigningKeys(at: fixture.clock.now())
      try await fixture.keys.refresh()
      #expect(throws: Never.self, "kept until its last token has expired") {
        try fixture.verify(old.token)
      }
      fixture.clock.advance(by: .seconds(86_400))
      try await fixture.store.removeRetiredSigningKeys(at: fixture.clock.now())
      try await fixture.keys.refresh()
      try await two.refresh()
      #expect(try Self.kids(two).count == 2)
    }
  }

  @Test func aStoreThatFailsKeepsTheOldKeyAndTheNextCallTriesAgain() async throws {
    let fixture = try await TokenFixture()
    let before = try Self.kids(fixture.keys)
    fixture.clock.advance(by: .seconds(3600))
    fixture.store.fail(with: .unavailable("disk full"))
    await #expect(throws: SigningKeyError.self) { try await fixture.keys.rotateWhereDue(after: .seconds(3600)) }
    #expect(try Self.kids(fixture.keys) == before)
    #expect(throws: Never.self) { try Self.issue(fixture, fixture.keys) }
    fixture.store.fail(with: nil)
    #expect(try await fixture.keys.rotateWhereDue(after: .seconds(3600)).count == 2)
  }

  @Test func theFirstStartMakesBothKeysAndTheNextFindsThem() async throws {
    let fixture = try await TokenFixture()
    let stored = try await fixture.store.signingKeys(at: fixture.clock.now())
    #expect(stored.map(\.use).sorted { $0.rawValue < $1.rawValue } == [.accessToken, .assertion])
    let again = Self.keys(fixture)
    try await again.load()
    #expect(try Self.kids(again) == Set(stored.map(\.id)))
  }

  @Test func A_24_aKeyUnderAnotherKEKIsAnErrorNotAnEmptySet() async throws {
    let fixture = try await TokenFixture()
    let wrong = Self.keys(fixture, sealer: Sealer(key: SymmetricKey(size: .bits256)))
    await #expect(throws: SigningKeyError.self) { try await wrong.load() }
    #expect(Answer(response: wrong.jwks()).status == 503)
  }

  @Test func A_21_aSealedKeyDoesNotOpenForTheOtherUse() async throws {
    let fixture = try await TokenFixture()
    let store = MemoryStore()
    var record = try #require(try await fixture.store.signingKeys(at: fixture.clock.now()).first)
    record.use = record.use == .accessToken ? .assertion : .accessToken
    _ = try await store.addSigningKey(record, ifNewestIs: nil, retiringOthersAt: nil)
    let keys = SigningKeys(
      store: store, sealer: fixture.sealer, clock: fixture.clock, random: fixture.random,
      tokenLifetime: { .seconds(60) },
      audit: fixture.audit)
    await #expect(throws: SigningKeyError.unreadable(kid: record.id, .notAuthentic)) { try await keys.load() }
  }

  @Test func anUnknownKeyIsLookedUpAtMostEveryTenSeconds() async throws {
    let fixture = try await TokenFixture()
    #expect(await fixture.keys.refreshAfterUnknownKey() == false)
    fixture.clock.advance(by: .seconds(10))
    #expect(await fixture.keys.refreshAfterUnknownKey())
    #expect(await fixture.keys.refreshAfterUnknownKey() == false)
    fixture.clock.advance(by: .seconds(10))
    fixture.store.fail(with: .unavailable("x"))
    let before = try Self.kids(fixture.keys)
    #expect(await fixture.keys.refreshAfterUnknownKey() == false)
    #expect(try Self.kids(fixture.keys) == before)
  }
}
