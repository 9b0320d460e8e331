import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletIdentity

struct FederatedLoginTests {
  let fixture: LoginFixture
  let provider: FakeIdentityProvider
  let endpoint: LoginEndpoint
  let browser = FakeBrowser()

  init() async throws {
    fixture = try await LoginFixture()
    provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    endpoint = fixture.endpoint(["corp": LoginFixture.settings(provider)], network: FakeNetwork(provider))
  }

  /// Leaves for the provider, which approves.
  func depart(_ browser: FakeBrowser, as subject: String = "sub-1") async throws -> (code: String, state: String) {
    let page = await browser.show(endpoint).loginPage
    return try provider.approve(
      try #require(await browser.leave(endpoint, for: "corp", page).location), as: subject)
  }

  @Test func aClickLeavesAndComesBackToTheTransaction() async throws {
    _ = await browser.show(endpoint)
    fixture.prompting.announce("t1", in: try #require(browser.digest))
    let response = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1", transaction: "t1")
    #expect(response.status == 303)
    #expect(response.location == "/consent?transaction=t1")
    let (_, user) = try #require(try await endpoint.sessions.current(of: browser.request("GET", "/account")))
    #expect(user.origin == .federated(issuer: "https://id.example", subject: "sub-1"))
    #expect(user.displayName == "Name of sub-1")
    #expect(user.tenant == .default)
    #expect(fixture.audit.events.last?.flow == "flow-t1")
    #expect(fixture.audit.events.last?.action == .loginSucceeded)
  }

  @Test func theAuthorizationRequestIsComplete() async throws {
    let page = await browser.show(endpoint)
    #expect(page.loginPage?.providers == ["corp"])
    #expect(page.page?.formTargets == ["https://id.example"])
    let response = await browser.leave(endpoint, for: "corp", page.loginPage)
    #expect(response.status == 303)
    let url = try AbsoluteURL(parsing: try #require(response.location))
    let query = try FormParameters(parsing: try #require(url.query))
    #expect(url.origin.string == "https://id.example")
    #expect(query.values("client_id") == ["martlet"])
    #expect(query.values("redirect_uri") == ["https://gw.example/login/corp/callback"])
    #expect(query.values("scope") == ["openid profile email"])
    #expect(query.values("code_challenge_method") == ["S256"])
    #expect(try query.single("state")?.hasPrefix("mfs_") == true)
    #expect(try query.single("nonce")?.utf8.count == 43)
    #expect(query.names.count == 8)
  }

  @Test func theEndpointsOwnQueryIsKept() async throws {
    provider.behave { $0.metadata["authorization_endpoint"] = "https://login.example/a?policy=x" }
    let page = await browser.show(endpoint)
    #expect(page.page?.formTargets == ["https://login.example"])
    let location = try #require(await browser.leave(endpoint, for: "corp", page.loginPage).location)
    #expect(location.hasPrefix("https://login.example/a?policy=x&response_type=code&"))
  }

  @Test func N_07_stateIsUsedOnce() async throws {
    let (code, state) = try await depart(browser)
    #expect(await browser.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 303)
    let session = browser.session
    #expect(await browser.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 403)
    #expect(browser.session == session)
    #expect(fixture.audit.events.last?.reason == "state_unknown")
    #expect(provider.tokenRequests.count == 1)
  }

  @Test func N_07_stateBelongsToItsBrowser() async throws {
    let (code, state) = try await depart(browser)
    let victim = FakeBrowser()
    _ = await victim.show(endpoint)
    for other in [victim, FakeBrowser()] {
      #expect(await other.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 403)
      #expect(other.session == nil)
    }
    #expect(provider.tokenRequests.isEmpty)
  }

  @Test func N_07_stateLivesTenMinutes() async throws {
    let (code, state) = try await depart(browser)
    fixture.clock.advance(by: .seconds(600))
    #expect(await browser.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 403)
    #expect(provider.tokenRequests.isEmpty)
  }

  @Test func N_07_stateComesFromHere() async throws {
    let (code, _) = try await depart(browser)
    let browserCookie = try #require(browser.cookies["__Host-martlet-browser"])
    for state in ["", "x", "mfs_", "mfs_" + String(repeating: "A", count: 43), browserCookie] {
      #expect(await browser.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 403)
    }
    #expect(await browser.comeBack(endpoint, from: "corp", [("code", code)]).status == 400)
    #expect(await browser.comeBack(endpoint, from: "corp", [("state", "a"), ("state", "b")]).status == 400)
    #expect(await browser.comeBack(endpoint, from: "other", [("code", code)]).status == 404)
    #expect(browser.session == nil)
  }

  @Test func onlyAFormOfOursLeaves() async throws {
    let page = try #require(await browser.show(endpoint).loginPage)
    let request = browser.request("GET", "/login/corp", form: [("csrf", page.csrf)])
    #expect(await endpoint.leave(for: "corp", request).status == 400)
    let forged = browser.request("POST", "/login/corp", form: [("csrf", "AAAA")])
    #expect(await endpoint.leave(for: "corp", forged).status == 403)
    #expect(await FakeBrowser().leave(endpoint, for: "corp", page).status == 403)
    #expect(await browser.leave(endpoint, for: "nobody", page).status == 404)
  }

  @Test(arguments: ["access_denied", "login_required", "interaction_required"])
  func cancellingLeadsBackToTheLoginPage(_ error: String) async throws {
    let (_, state) = try await depart(browser)
    let response = await browser.comeBack(endpoint, from: "corp", [("error", error), ("state", state)])
    #expect(response.status == 403)
    #expect(response.loginPage?.problem == LoginPages.cancelled("corp"))
    #expect(response.loginPage?.providers == ["corp"])
    #expect(fixture.audit.events.last?.reason == "cancelled")
    #expect(await browser.submit(endpoint, response.loginPage, "ada", LoginFixture.password).status == 303)
  }

  @Test func anotherErrorIsSaidWithoutItsText() async throws {
    let (_, state) = try await depart(browser)
    let query = [
      ("error", "invalid\r\n<b>scope"), ("error_description", "<script>alert(1)</script>"), ("state", state),
    ]
    let response = await browser.comeBack(endpoint, from: "corp", query)
    #expect(response.status == 403)
    #expect(response.loginPage?.problem?.contains("script") == false)
    #expect(fixture.audit.events.last?.reason == "provider_refused:invalid <b>scope")
  }

  @Test(arguments: [("client_secret_basic", true), ("client_secret_post", false), (nil, true)])
  func theClientAuthenticatesAsTheProviderLikes(_ method: String?, _ isBasic: Bool) async throws {
    if let method { provider.behave { $0.metadata["token_endpoint_auth_methods_supported"] = [.string(method)] } }
    #expect(try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 303)
    let request = try #require(provider.tokenRequests.first)
    #expect(request.authorization == (isBasic ? "Basic " + Base64.encode("martlet:s3cret".utf8) : nil))
    #expect(request.form.values("client_secret") == (isBasic ? [] : ["s3cret"]))
    #expect(request.form.values("grant_type") == ["authorization_code"])
  }

  @Test func aDisabledUserIsRefused() async throws {
    _ = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    let user = try #require(try await fixture.store.users().first { $0.loginName == nil })
    #expect(try await fixture.store.setUserDisabled(user.id, at: fixture.clock.now()))
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) == nil)
    let other = FakeBrowser()
    #expect(try await other.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 403)
    #expect(other.session == nil)
    #expect(fixture.audit.events.last?.reason == "user_disabled")
  }

  @Test func V_054_aNewSessionIdAfterAProvider() async throws {
    _ = await browser.logIn(endpoint)
    let before = browser.request("GET", "/account")
    _ = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    #expect(try await endpoint.sessions.current(of: before) == nil)
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account"))?.user.loginName == nil)
  }

  @Test func V_023_A6_parallelLoginsEachComplete() async throws {
    let departures = [try await depart(browser), try await depart(browser), try await depart(browser)]
    for (code, state) in departures.reversed() {
      #expect(await browser.comeBack(endpoint, from: "corp", [("code", code), ("state", state)]).status == 303)
    }
    // A code of one departure is no use with the state of another: PKCE and nonce are its own.
    let other = FakeBrowser()
    let (first, second) = (try await depart(other), try await depart(other))
    let crossed = [("code", first.code), ("state", second.state)]
    #expect(await other.comeBack(endpoint, from: "corp", crossed).status == 403)
  }
}
