import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletIdentity

struct PasswordLoginTests {
  @Test func aLoginLeadsToConsentOrAccount() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let response = await browser.logIn(endpoint, "ADA")
    #expect(response.status == 303)
    #expect(response.location == "/account")
    let cookie = try #require(response.header("set-cookie"))
    for part in [
      "__Host-martlet-session=mls_", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Max-Age=43200",
    ] {
      #expect(cookie.contains(part))
    }
    fixture.prompting.announce("t1", in: try #require(browser.digest))
    #expect(await browser.logIn(endpoint, transaction: "t1").location == "/consent?transaction=t1")
    let event = try #require(fixture.audit.events.last)
    #expect(event.action == .loginSucceeded)
    #expect(event.flow == "flow-t1")
    #expect(event.subject == fixture.ada.id.string)
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/"))?.user == fixture.ada)
    fixture.clock.advance(by: .seconds(43_200))
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/")) == nil)
  }

  @Test func V_054_eachLoginHasANewSessionId() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let planted = ByteString(ArtefactKind.loginSession.mint(SystemRandom()).expose()).string
    browser.plant("__Host-martlet-session", planted)
    _ = await browser.logIn(endpoint)
    let first = try #require(browser.session)
    #expect(first != planted)
    let firstRequest = browser.request("GET", "/account")
    _ = await browser.logIn(endpoint)
    let second = try #require(browser.session)
    #expect(second != first)
    // N-29: what there was before is dead, planted or real.
    #expect(try await endpoint.sessions.current(of: firstRequest) == nil)
    browser.plant("__Host-martlet-session", planted)
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) == nil)
    browser.plant("__Host-martlet-session", second)
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) != nil)
  }

  @Test func V_054_aSessionBelongsToItsBrowser() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let (owner, thief) = (FakeBrowser(), FakeBrowser())
    _ = await owner.logIn(endpoint)
    _ = await thief.show(endpoint)
    thief.plant("__Host-martlet-session", owner.session)
    #expect(try await endpoint.sessions.current(of: thief.request("GET", "/account")) == nil)
  }

  @Test func N_16_everyFailureLooksAndCostsTheSame() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    _ = try await fixture.users.create("eve", password: Secret("eves password"))
    try await fixture.users.disable("eve")
    var seen: Set<String> = []
    for (name, password) in [
      ("ada", "wrong password"), ("nobody", "wrong password"), ("eve", "eves password"), ("eve", "wrong password"),
      ("not a name", "wrong password"),
    ] {
      fixture.derivations.reset()
      let response = await FakeBrowser().logIn(endpoint, name, password)
      #expect(fixture.derivations.count == 1, "\(name)")
      #expect(response.loginPage?.problem == LoginPages.wrongPassword)
      seen.insert("\(response.status) \(response.headers.map(\.name))")
    }
    #expect(seen.count == 1)
  }

  @Test func A_11_theTrailHoldsNoPasswordAndNoUnknownName() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    _ = await FakeBrowser().logIn(endpoint, "hunter2-in-the-name-field", "x")
    _ = await FakeBrowser().logIn(endpoint, "ada", "hunter2-wrong")
    _ = await FakeBrowser().logIn(endpoint)
    let events = fixture.audit.events
    #expect(events.map(\.reason) == ["unknown_user", "wrong_password", "password"])
    #expect(events.map(\.subject) == [nil, fixture.ada.id.string, fixture.ada.id.string])
    #expect(!"\(events)".contains("hunter2"))
    #expect(!"\(events)".contains("correct horse"))
  }

  @Test func V_020_aFormWithoutItsProofIsNotEvenChecked() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let (browser, other) = (FakeBrowser(), FakeBrowser())
    let page = try #require(await browser.show(endpoint).loginPage)
    let foreign = try #require(await other.show(endpoint).loginPage)
    fixture.prompting.announce("t1", in: try #require(browser.digest))
    for (csrf, transaction) in [("", ""), ("AAAA", ""), (foreign.csrf, ""), (page.csrf, "t1"), (page.csrf + "=", "")] {
      let form = [
        ("username", "ada"), ("password", LoginFixture.password), ("csrf", csrf), ("transaction", transaction),
      ]
      #expect(await endpoint.submit(browser.request("POST", "/login", form: form)).status == 403)
    }
    // Without its cookie a browser has nothing that could be proven.
    #expect(await FakeBrowser().submit(endpoint, page, "ada", LoginFixture.password).status == 403)
    #expect(fixture.derivations.count == 0)
  }

  @Test func onlyAPostedFormIsRead() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let page = try #require(await browser.show(endpoint).loginPage)
    let form = [("username", "ada"), ("password", LoginFixture.password), ("csrf", page.csrf)]
    #expect(await endpoint.submit(browser.request("GET", "/login", form: form)).status == 400)
    #expect(await endpoint.submit(browser.request("POST", "/login", form: form + [("username", "eve")])).status == 400)
    var json = browser.request("POST", "/login", form: form)
    json.headers = json.headers.map { $0.name == "content-type" ? ($0.name, "application/json") : $0 }
    #expect(await endpoint.submit(json).status == 400)
    #expect(
      await fixture.endpoint(passwords: false).submit(browser.request("POST", "/login", form: form)).status == 404)
    #expect(fixture.derivations.count == 0)
    #expect(await endpoint.submit(browser.request("POST", "/login", form: form)).status == 303)
  }

  @Test(arguments: [
    "//evil.example", "/\\evil.example", "/%2f%2fevil.example", "https://evil.example", "a&next=//evil",
    "a\r\nset-cookie: x",
    "../../evil", "javascript:alert(1)", "a#b", "ä",
  ])
  func V_026_noTransactionIsAPlaceToGo(_ transaction: String) async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    _ = await browser.show(endpoint)
    // Even if such a transaction existed.
    fixture.prompting.announce(transaction, in: try #require(browser.digest))
    let location = try #require(await browser.logIn(endpoint, transaction: transaction).location)
    let prefix = "/consent?transaction="
    #expect(location.hasPrefix(prefix))
    #expect(location.dropFirst(prefix.count).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/\\&#:?".utf8.contains($0) })
  }

  @Test(arguments: ["next", "return_to", "redirect", "redirect_uri", "url", "continue", "rd"])
  func V_026_noParameterIsAPlaceToGo(_ name: String) async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let query = FormParameters.encode([(name, "//evil.example")])
    let page = try #require(browser.take(await endpoint.show(browser.request("GET", "/login", query: query))).loginPage)
    let form = [
      ("username", "ada"), ("password", LoginFixture.password), ("csrf", page.csrf), (name, "//evil.example"),
    ]
    #expect(await endpoint.submit(browser.request("POST", "/login", query: query, form: form)).location == "/account")
  }

  @Test func V_068_tooManyGuessesAreTold() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let owner = FakeBrowser(address: "198.51.100.1")
    #expect(await owner.logIn(endpoint).status == 303)
    let guesser = FakeBrowser()
    for _ in 0..<6 { #expect(await guesser.logIn(endpoint, "ada", "wrong password").status == 403) }
    fixture.derivations.reset()
    let response = await guesser.logIn(endpoint)
    #expect(response.status == 429)
    #expect(response.header("retry-after") == "2")
    #expect(response.loginPage?.problem == LoginPages.tooManyAttempts(seconds: 2))
    #expect(fixture.derivations.count == 0)
    // Nobody else is slowed, not even the owner on the guesser's own network.
    #expect(await FakeBrowser(address: "203.0.113.9").logIn(endpoint).status == 303)
    let moved = FakeBrowser()
    for (name, value) in owner.cookies { moved.plant(name, value) }
    #expect(await moved.logIn(endpoint).status == 303)
    fixture.clock.advance(by: .seconds(2))
    #expect(await guesser.logIn(endpoint).status == 303)
  }

  @Test func V_068_guessesAtOnceAreCountedToo() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    let page = try #require(await browser.show(endpoint).loginPage)
    let statuses = await withTaskGroup(of: Int.self, returning: [Int].self) { group in
      for index in 0..<50 {
        group.addTask { await browser.submit(endpoint, page, "ada", "wrong password \(index)").status }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect((6...21).contains(statuses.count { $0 == 403 }))
    #expect(statuses.count { $0 == 429 } == 50 - statuses.count { $0 == 403 })
  }

  @Test func V_023_A6_tenTabsEachComplete() async throws {
    let fixture = try await LoginFixture()
    let endpoint = fixture.endpoint()
    let browser = FakeBrowser()
    _ = await browser.show(endpoint)
    let names = (0..<10).map { "t\($0)" }
    for name in names { fixture.prompting.announce(name, in: try #require(browser.digest)) }
    var pages: [LoginPage] = []
    for name in names { pages.append(try #require(await browser.show(endpoint, transaction: name).loginPage)) }
    for (index, page) in pages.enumerated() {
      let response = await browser.submit(endpoint, page, "ada", LoginFixture.password)
      #expect(response.location == "/consent?transaction=t\(index)")
      // None can complete another's.
      var crossed = page
      crossed.transaction = names[(index + 1) % names.count]
      #expect(await browser.submit(endpoint, crossed, "ada", LoginFixture.password).status == 403)
    }
    let locations = await withTaskGroup(of: String?.self, returning: Set<String?>.self) { group in
      for page in pages {
        group.addTask { await browser.submit(endpoint, page, "ada", LoginFixture.password).location }
      }
      return await group.reduce(into: []) { $0.insert($1) }
    }
    #expect(locations == Set(names.map { "/consent?transaction=\($0)" }))
    #expect(try await endpoint.sessions.current(of: browser.request("GET", "/account")) != nil)
  }
}
