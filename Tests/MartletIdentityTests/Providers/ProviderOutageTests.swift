import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

struct ProviderOutageTests {
  let fixture: LoginFixture
  let provider: FakeIdentityProvider
  let endpoint: LoginEndpoint
  let browser = FakeBrowser()

  init() async throws {
    fixture = try await LoginFixture()
    provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    endpoint = fixture.endpoint(["corp": LoginFixture.settings(provider)], network: FakeNetwork(provider))
  }

  func isLoggedIn(_ browser: FakeBrowser) async throws -> Bool {
    try await endpoint.sessions.current(of: browser.request("GET", "/account")) != nil
  }

  @Test func R_30_aProviderThatIsDownIsToldAndTheRestWorks() async throws {
    provider.behave { $0.isDown = true }
    let page = await browser.show(endpoint)
    #expect(page.status == 200)
    #expect(page.page?.formTargets == ["https://id.example"])
    let response = await browser.leave(endpoint, for: "corp", page.loginPage)
    #expect(response.status == 503)
    #expect(response.header("retry-after") == "30")
    #expect(response.loginPage?.problem == LoginPages.unavailable("corp"))
    #expect(fixture.audit.events.last?.reason == "provider_unavailable:discovery")
    #expect(await browser.submit(endpoint, response.loginPage, "ada", LoginFixture.password).status == 303)
  }

  @Test func R_30_theLoginPageDoesNotWaitForAProviderThatIsDown() async throws {
    provider.behave {
      $0.isDown = true
      $0.metadata["authorization_endpoint"] = "https://login.example/a"
    }
    _ = await browser.show(endpoint)
    let asked = provider.fetches.count
    for _ in 0..<5 {
      fixture.clock.advance(by: .seconds(10))
      #expect(await browser.show(endpoint).page?.formTargets == ["https://id.example"])
    }
    #expect(provider.fetches.count == asked)
    provider.behave { $0.isDown = false }
    fixture.clock.advance(by: .seconds(10))
    #expect(await browser.show(endpoint).page?.formTargets == ["https://login.example"])
    provider.behave { $0.isDown = true }
    fixture.clock.advance(by: .seconds(2 * 86_400))
    #expect(await browser.leave(endpoint, for: "corp", browser.show(endpoint).loginPage).status == 503)
    #expect(await browser.show(endpoint).page?.formTargets == ["https://login.example"])
  }

  @Test func R_30_whoIsLoggedInStays() async throws {
    _ = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    provider.behave { $0.isDown = true }
    for _ in 0..<11 {
      fixture.clock.advance(by: .seconds(3600))
      #expect(try await isLoggedIn(browser))
    }
    let other = FakeBrowser()
    let page = await other.show(endpoint).loginPage
    // Metadata is remembered for a day, so leaving works; the provider itself shows its outage.
    let away = await other.leave(endpoint, for: "corp", page)
    #expect(away.status == 303)
    let (code, state) = try provider.approve(try #require(away.location), as: "sub-2")
    let response = await other.comeBack(endpoint, from: "corp", [("code", code), ("state", state)])
    #expect(response.status == 503)
    #expect(response.header("retry-after") == "30")
    #expect(other.session == nil)
    #expect(try await isLoggedIn(browser))
  }

  @Test func R_30_anOutageEndsByItself() async throws {
    provider.behave { $0.isDown = true }
    let page = await browser.show(endpoint).loginPage
    #expect(await browser.leave(endpoint, for: "corp", page).status == 503)
    provider.behave { $0.isDown = false }
    fixture.clock.advance(by: .seconds(10))
    #expect(try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 303)
  }

  @Test(arguments: ["temporarily_unavailable", "server_error"])
  func R_30_aProviderMaySayItselfThatItIsDown(_ error: String) async throws {
    let page = await browser.show(endpoint).loginPage
    let away = try #require(await browser.leave(endpoint, for: "corp", page).location)
    let (_, state) = try provider.approve(away, as: "sub-1")
    #expect(await browser.comeBack(endpoint, from: "corp", [("error", error), ("state", state)]).status == 503)
  }

  @Test func R_31_junkKeysReplaceNoGoodOnes() async throws {
    _ = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    provider.behave { $0.servesJunkKeys = true }
    for hours in [1, 5, 17] {
      fixture.clock.advance(by: .seconds(hours * 3600))
      #expect(try await FakeBrowser().logIn(endpoint, at: "corp", provider, as: "sub-1").status == 303)
    }
  }

  @Test func R_31_withoutAnyGoodKeysNothingIsConcluded() async throws {
    provider.behave { $0.servesJunkKeys = true }
    let response = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    #expect(response.status == 503)
    #expect(fixture.audit.events.last?.reason == "provider_unavailable:keys")
    provider.behave { $0.servesJunkKeys = false }
    fixture.clock.advance(by: .seconds(10))
    #expect(try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 303)
  }

  @Test func V_073_manyUnknownKeysFetchFewTimes() async throws {
    _ = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    let before = provider.fetches.count { $0 == "/jwks" }
    for index in 0..<60 {
      provider.behave {
        $0.rewritesIDToken = { IDTokenTests.header(#"{"alg":"ES256","kid":"k-\#(index)"}"#, $0) }
      }
      #expect(try await FakeBrowser().logIn(endpoint, at: "corp", provider, as: "sub-1").status == 403)
      fixture.clock.advance(by: .seconds(1))
    }
    #expect(provider.fetches.count { $0 == "/jwks" } - before <= 2)
    provider.behave { $0.rewritesIDToken = nil }
    #expect(try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 303)
  }

  @Test func aRefusedCodeIsNoOutage() async throws {
    provider.behave { $0.tokenError = "invalid_grant" }
    #expect(try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1").status == 403)
    #expect(fixture.audit.events.last?.reason == "provider_refused:invalid_grant")
  }
}
