import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

struct LocalUsersTests {
  @Test(arguments: [
    ("ada", "ada"), ("Ada.Lovelace@Example.org", "ada.lovelace@example.org"), ("A_b-9", "a_b-9"), ("", nil),
    (" ada", nil), ("ada ", nil), ("ada\u{0}", nil), ("ad\u{430}", nil), ("\u{FF41}da", nil), ("\u{212A}", nil),
    ("a/b", nil), ("a\n", nil),
  ])
  func V_068_oneSpellingPerAccount(_ typed: String, _ canonical: String?) {
    #expect(LoginName(typed)?.string == canonical)
  }

  @Test func namesAreBounded() {
    #expect(LoginName(String(repeating: "a", count: 64)) != nil)
    #expect(LoginName(String(repeating: "a", count: 65)) == nil)
  }

  @Test func aUserIsMadeOnce() async throws {
    let fixture = try await LoginFixture()
    #expect(fixture.ada.loginName == "ada")
    await #expect(throws: LocalUserError.nameTaken) {
      try await fixture.users.create("ADA", password: Secret("12345678"))
    }
    let bob = try await fixture.users.create(
      "bob", password: Secret("12345678"), tenant: "acme", displayName: "Bob\u{202E}\nB", isAdministrator: true)
    #expect(bob.tenant == "acme")
    #expect(bob.isAdministrator)
    #expect(bob.displayName == "Bob B")
    #expect(try await fixture.users.list().map(\.loginName) == ["ada", "bob"])
    #expect(fixture.audit.actions == [.userCreated])
  }

  @Test(arguments: [(7, false), (8, true), (1024, true), (1025, false), (0, false)])
  func passwordsAreBounded(_ length: Int, _ isFine: Bool) async throws {
    let fixture = try await LoginFixture()
    let password = Secret(String(repeating: "p", count: length))
    if isFine {
      _ = try await fixture.users.create("bob", password: password)
    } else {
      await #expect(throws: LocalUserError.invalidPassword) {
        try await fixture.users.create("bob", password: password)
      }
      #expect(try await fixture.users.list().count == 1)
    }
  }

  @Test func A_06_nothingHappensThatTheTrailCouldNotTake() async throws {
    let fixture = try await LoginFixture()
    let error = StoreError.unavailable("full")
    fixture.audit.fail(with: error)
    await #expect(throws: LocalUserError.store(error)) {
      try await fixture.users.create("bob", password: Secret("12345678"))
    }
    await #expect(throws: LocalUserError.store(error)) { try await fixture.users.disable("ada") }
    await #expect(throws: LocalUserError.store(error)) {
      try await fixture.users.setPassword("ada", to: Secret("12345678"))
    }
    #expect(try await fixture.users.list() == [fixture.ada])
    fixture.audit.fail(with: nil)
    #expect(await FakeBrowser().logIn(fixture.endpoint()).status == 303)
  }

  @Test func V_053_disablingTakesEverythingAway() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    #expect(await browser.logIn(endpoint).status == 303)
    let sample = Sample(seed: 53, now: fixture.clock.now())
    let pending = sample.pending()
    var code = sample.code(for: pending)
    code.user = fixture.ada.id
    let family = sample.family(of: code)
    _ = try await fixture.store.beginAuthorization(pending)
    _ = try await fixture.store.completeAuthorization(
      pending.id, sealedOutcome: [1], code: code, consent: nil, at: sample.now)
    _ = try await fixture.store.redeemAuthorizationCode(code.digest, beginning: family, with: nil, at: sample.now)
    try await fixture.users.disable("Ada")
    #expect(try await fixture.store.refreshFamily(family.grant)?.revokedAt == fixture.clock.now())
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) == nil)
    let rows = try await fixture.store.revocations(after: 0, at: fixture.clock.now())
    #expect(rows.map(\.revocation.target) == [.user(.default, fixture.ada.id)])
    #expect(rows.map(\.revocation.issuedUntil) == [fixture.clock.now()])
    // Whatever `tokens.access_ttl` says by now: it may have said a day when the last token was issued.
    #expect(rows.allSatisfy { $0.revocation.expiresAt > fixture.clock.now() + .seconds(86_400) })
    #expect(await browser.logIn(endpoint).status == 403)
    try await fixture.users.enable("ada")
    #expect(await browser.logIn(endpoint).status == 303)
    #expect(fixture.audit.events.filter { $0.action == .userChanged }.map(\.reason) == ["disabled", "enabled"])
  }

  @Test func V_053_whoComesFromAProviderIsDisabledByID() async throws {
    let fixture = try await LoginFixture()
    let user = try await fixture.store.upsertFederatedUser(Sample().federatedUser(subject: "sub-1"))
    let session = Sample(seed: 2, now: fixture.clock.now()).loginSession(of: user)
    try await fixture.store.createLoginSession(session)
    try await fixture.users.disable(user.id.string)
    #expect(try await fixture.store.user(user.id)?.disabledAt == fixture.clock.now())
    #expect(try await fixture.store.loginSession(session.digest, at: fixture.clock.now()) == nil)
    let rows = try await fixture.store.revocations(after: 0, at: fixture.clock.now())
    #expect(rows.map(\.revocation.target) == [.user(user.tenant, user.id)])
    let again = try await fixture.store.upsertFederatedUser(Sample(seed: 3).federatedUser(subject: "sub-1"))
    #expect(again.id == user.id && again.disabledAt != nil, "coming back from the provider gives nothing back")
    try await fixture.users.enable(user.id.string)
    #expect(try await fixture.store.user(user.id)?.disabledAt == nil)
    await #expect(throws: LocalUserError.unknownUser) { try await fixture.users.disable("sub-1") }
    await #expect(throws: LocalUserError.unknownUser) {
      try await fixture.users.setPassword(user.id.string, to: Secret("12345678"))
    }
  }

  @Test func aNewPasswordEndsOldSessions() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    _ = await browser.logIn(endpoint)
    try await fixture.users.setPassword("ada", to: Secret("another password"))
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) == nil)
    #expect(await browser.logIn(endpoint).status == 403)
    #expect(await browser.logIn(endpoint, "ada", "another password").status == 303)
    await #expect(throws: LocalUserError.unknownUser) {
      try await fixture.users.setPassword("bob", to: Secret("12345678"))
    }
    await #expect(throws: LocalUserError.invalidLoginName) { try await fixture.users.enable("b b") }
  }
}
