import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletIdentity

/// One honest provider, one of an attacker (V-071), and who is whom across both (V-070).
struct MixUpTests {
  let fixture: LoginFixture
  let honest: FakeIdentityProvider
  let evil: FakeIdentityProvider
  let endpoint: LoginEndpoint
  let browser = FakeBrowser()

  init() async throws {
    fixture = try await LoginFixture()
    honest = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    evil = FakeIdentityProvider(origin: "https://evil.example", clock: fixture.clock)
    endpoint = fixture.endpoint(
      ["corp": LoginFixture.settings(honest), "evil": LoginFixture.settings(evil)], network: FakeNetwork(honest, evil))
  }

  func depart(for name: String, approvedBy provider: FakeIdentityProvider) async throws -> (code: String, state: String)
  {
    let page = await browser.show(endpoint).loginPage
    return try provider.approve(
      try #require(await browser.leave(endpoint, for: name, page).location), as: "sub-1")
  }

  @Test func V_071_anAnswerAtAnotherProvidersCallbackIsRefused() async throws {
    let (code, state) = try await depart(for: "corp", approvedBy: honest)
    #expect(await browser.comeBack(endpoint, from: "evil", [("code", code), ("state", state)]).status == 403)
    #expect(fixture.audit.events.last?.reason == "provider_mismatch")
    #expect(honest.tokenRequests.isEmpty)
    #expect(evil.tokenRequests.isEmpty)
  }

  @Test(arguments: [
    ("https://id.example", false, 303), (nil, false, 303), ("https://evil.example", false, 403),
    ("https://id.example/", false, 403), ("", false, 403), ("https://id.example", true, 303), (nil, true, 403),
    ("https://evil.example", true, 403),
  ])
  func V_071_theIssuerOfTheAnswer(_ issuer: String?, _ isAdvertised: Bool, _ status: Int) async throws {
    honest.behave { $0.metadata["authorization_response_iss_parameter_supported"] = .bool(isAdvertised) }
    let (code, state) = try await depart(for: "corp", approvedBy: honest)
    let query = [("code", code), ("state", state)] + (issuer.map { [("iss", $0)] } ?? [])
    #expect(await browser.comeBack(endpoint, from: "corp", query).status == status)
    #expect(honest.tokenRequests.count == (status == 303 ? 1 : 0))
  }

  @Test func V_071_anErrorOfAnotherIssuerIsNoCancellation() async throws {
    let (_, state) = try await depart(for: "corp", approvedBy: honest)
    let query = [("error", "access_denied"), ("state", state), ("iss", "https://evil.example")]
    _ = await browser.comeBack(endpoint, from: "corp", query)
    #expect(fixture.audit.events.last?.reason == "iss_mismatch")
  }

  @Test func V_071_aRepeatedParameterIsRefused() async throws {
    let (code, state) = try await depart(for: "corp", approvedBy: honest)
    let query = [("code", code), ("state", state), ("code", "other")]
    #expect(await browser.comeBack(endpoint, from: "corp", query).status == 403)
    #expect(honest.tokenRequests.isEmpty)
  }

  @Test func V_071_aCodeNeverFollowsAChangedConfiguration() async throws {
    let (code, state) = try await depart(for: "corp", approvedBy: honest)
    let reloaded = fixture.endpoint(["corp": LoginFixture.settings(evil)], network: FakeNetwork(honest, evil))
    #expect(await browser.comeBack(reloaded, from: "corp", [("code", code), ("state", state)]).status == 403)
    #expect(fixture.audit.events.last?.reason == "issuer_changed")
    #expect(evil.tokenRequests.isEmpty)
  }

  @Test func V_070_theSameAddressAtTwoProvidersIsTwoUsers() async throws {
    _ = try await fixture.users.create("ada@example.com", password: Secret("12345678"))
    for (name, provider) in [("corp", honest), ("evil", evil)] {
      #expect(try await FakeBrowser().logIn(endpoint, at: name, provider, as: "sub-1").status == 303)
    }
    let federated = try await fixture.store.users().filter { $0.loginName == nil }
    #expect(
      Set(federated.map(\.origin)) == [
        .federated(issuer: "https://id.example", subject: "sub-1"),
        .federated(issuer: "https://evil.example", subject: "sub-1"),
      ])
    #expect(Set(federated.map(\.id)).count == 2)
  }

  @Test func V_070_theSubjectIsTheUserWhateverElseChanges() async throws {
    _ = try await browser.logIn(endpoint, at: "corp", honest, as: "sub-1")
    let before = try #require(try await endpoint.sessions.current(of: browser.request("GET", "/"))).user
    honest.behave { $0.claims = ["email": "other@example.com", "name": "Renamed"] }
    _ = try await browser.logIn(endpoint, at: "corp", honest, as: "sub-1")
    let after = try #require(try await endpoint.sessions.current(of: browser.request("GET", "/"))).user
    #expect(after.id == before.id)
    #expect(after.displayName == "Renamed")
    // The same address under another subject, in any spelling, is somebody else (S-03).
    for subject in ["sub-2", "SUB-1", "su\u{62}-1 ", "e\u{301}", "\u{e9}"] {
      _ = try await browser.logIn(endpoint, at: "corp", honest, as: subject)
      #expect(try await endpoint.sessions.current(of: browser.request("GET", "/"))?.user.id != before.id)
    }
    #expect(try await fixture.store.users().count == 7)
  }
}
