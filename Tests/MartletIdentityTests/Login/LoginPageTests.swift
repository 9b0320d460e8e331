import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

struct LoginPageTests {
  @Test func thePageNamesWhoAsksAndTheBrowser() async throws {
    let fixture = try await LoginFixture()
    let browser = FakeBrowser()
    let first = await browser.show(fixture.endpoint())
    #expect(first.status == 200)
    #expect(first.loginPage?.prompt == nil)
    let digest = try #require(browser.digest)
    fixture.prompting.announce("t1", in: digest)
    let second = await browser.show(fixture.endpoint(), transaction: "t1")
    #expect(second.loginPage?.prompt?.clientName == "Client")
    #expect(second.loginPage?.transaction == "t1")
    #expect(second.header("set-cookie") == nil)
    // A1: the same form value however often the page is fetched.
    #expect(await browser.show(fixture.endpoint(), transaction: "t1").loginPage?.csrf == second.loginPage?.csrf)
  }

  @Test func N_08_noPageIsCachedOrTellsWhereItWas() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let responses = [
      await browser.show(endpoint), await browser.show(endpoint, transaction: "nope"), await browser.logIn(endpoint),
      await browser.logIn(endpoint, "ada", "wrong"), await browser.comeBack(endpoint, from: "corp", [("state", "x")]),
      await endpoint.account(browser.request("GET", "/account")),
    ]
    for response in responses {
      #expect(response.header("cache-control") == "no-store")
      #expect(response.header("referrer-policy") == "no-referrer")
    }
  }

  @Test func V_018b_aTransactionOfAnotherBrowserIsRefused() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let (owner, thief) = (FakeBrowser(), FakeBrowser())
    _ = await owner.show(endpoint)
    fixture.prompting.announce("t1", in: try #require(owner.digest))
    for browser in [thief, thief] {
      let response = await browser.show(endpoint, transaction: "t1")
      #expect(response.status == 403)
      #expect(response.messagePage?.advice != nil)
    }
    let page = try #require(await owner.show(endpoint, transaction: "t1").loginPage)
    #expect(await thief.submit(endpoint, page, "ada", LoginFixture.password).status == 403)
    #expect(thief.session == nil)
  }

  @Test(arguments: ["transaction=a&transaction=b", "transaction=%zz", "transaction=%ff"])
  func aMalformedQueryIsRefused(_ query: String) async throws {
    let fixture = try await LoginFixture()
    let response = await fixture.endpoint().show(FakeBrowser().request("GET", "/login", query: query))
    #expect(response.status == 400)
  }

  @Test func whoIsLoggedInGoesOn() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    _ = await browser.logIn(endpoint)
    #expect(await browser.show(endpoint).location == "/account")
    fixture.prompting.announce("t1", in: try #require(browser.digest))
    #expect(await browser.show(endpoint, transaction: "t1").location == "/consent?transaction=t1")
    #expect(try await fixture.store.setUserDisabled(fixture.ada.id, at: fixture.clock.now()))
    #expect(await browser.show(endpoint).status == 200)
  }

  @Test func aStoreThatIsDownSaysTryAgain() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let page = await browser.show(endpoint).loginPage
    fixture.store.fail(with: .unavailable("busy"))
    for _ in 0..<20 {
      let response = await browser.submit(endpoint, page, "ada", LoginFixture.password)
      #expect(response.status == 503)
      #expect(response.header("retry-after") != nil)
    }
    fixture.store.fail(with: nil)
    // The outage counted against nobody.
    #expect(await browser.submit(endpoint, page, "ada", LoginFixture.password).status == 303)
  }

  @Test func V_054_onlyThePostedFormLogsOut() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    #expect(await endpoint.account(browser.request("GET", "/account")).location == "/login")
    _ = await browser.logIn(endpoint)
    let page = try #require(await endpoint.account(browser.request("GET", "/account")).accountPage)
    #expect(page.userName == "ada")
    let wrong = await endpoint.logout(browser.request("POST", "/logout", form: [("csrf", "AAAA")]))
    #expect(wrong.status == 403)
    let shown = await endpoint.logout(browser.request("GET", "/logout", form: [("csrf", page.csrf)]))
    #expect(shown.accountPage?.csrf == page.csrf)
    let session = browser.request("GET", "/account")
    #expect(try await endpoint.sessions.current(of: session) != nil)
    let out = browser.take(await endpoint.logout(browser.request("POST", "/logout", form: [("csrf", page.csrf)])))
    #expect(out.location == "/login")
    #expect(browser.cookies.keys.allSatisfy { !$0.hasSuffix("session") })
    #expect(try await endpoint.sessions.current(of: session) == nil)
    #expect(fixture.audit.actions == [.loginSucceeded, .loginEnded])
  }
}
