import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

/// A browser that stands before the consent page.
struct Standing {
  let door: FrontDoor
  var browser = TestBrowser()
  var transaction = ""

  init(_ door: FrontDoor, request: [(String, String)] = goodRequest, tenant: TenantID = .default) async throws {
    self.door = door
    let response = await door.authorization.authorize(browser.get("/authorize", request))
    browser.keep(response)
    transaction = response.answer["transaction"] ?? ""
    try await door.logIn(&browser, tenant: tenant)
  }

  /// The same browser and transaction before another door.
  init(_ door: FrontDoor, reusing standing: Standing) async throws {
    self.door = door
    browser = standing.browser
    transaction = standing.transaction
    try await door.logIn(&browser)
  }

  func show() async -> EndpointResponse {
    await door.consent.show(browser.get("/consent", [("transaction", transaction)]))
  }

  func submit(_ decision: String, _ change: ([(String, String)]) -> [(String, String)] = { $0 }) async
    -> EndpointResponse
  {
    await door.consent.decide(browser.post("/consent", change(await form(decision))))
  }

  /// The fields of the page that is shown now.
  func form(_ decision: String) async -> [(String, String)] {
    [("transaction", transaction), ("csrf", await show().consentPage?.csrf ?? ""), ("decision", decision)]
  }

  /// Submits a form that was never shown, with the right anti-forgery value.
  func submitBlind() async -> EndpointResponse {
    let cookie = browser.jar[door.cookies.name(.browser)] ?? ""
    guard let digest = ArtefactKind.browser.digest(cookie.utf8) else { return EndpointResponse(status: 0) }
    let csrf = door.formGuard.value(purpose: "consent", transaction: transaction, browser: digest)
    let form = [("transaction", transaction), ("csrf", csrf), ("decision", "allow")]
    return await door.consent.decide(browser.post("/consent", form))
  }
}

struct ConsentTests {
  private func door() async throws -> FrontDoor {
    let door = try FrontDoor()
    try await door.addClient()
    return door
  }

  @Test func V_100_whoeverLoggedInIsPushedOutByNoStranger() async throws {
    let standing = try await Standing(try await door())
    let id = TransactionID(standing.transaction)
    let store = standing.door.store
    #expect(try await store.pendingAuthorization(id, at: standing.door.clock.now())?.loggedInAt == nil)
    #expect(await standing.show().status == 200)
    #expect(try await store.pendingAuthorization(id, at: standing.door.clock.now())?.loggedInAt != nil)
    let again = await standing.door.authorization.authorize(
      standing.browser.get("/authorize", goodRequest.map { $0.0 == "state" ? ($0.0, "other") : $0 }))
    let second = TransactionID(again.answer["transaction"] ?? "")
    #expect(second != id)
    let pending = try await store.pendingAuthorization(second, at: standing.door.clock.now())
    #expect(pending?.loggedInAt != nil, "a browser with a login begins with it")
  }

  @Test func V_018a_N_06_thePageSaysWhoAsksForWhatAndWhereTheAnswerGoes() async throws {
    let standing = try await Standing(try await door())
    let response = await standing.show()
    #expect(response.status == 200)
    #expect(response.header("cache-control") == "no-store")
    let page = try #require(response.consentPage)
    #expect(page.prompt.clientName == "An App")
    #expect(page.prompt.redirectHost == "app.example")
    #expect(page.prompt.clientHost == nil)
    #expect(!page.redirectsToThisDevice)
    #expect(page.userName == "Ada")
    #expect(page.choices.map(\.resource) == ["https://gw.example/time/mcp"])
    #expect(page.permissions.first?.contains("time") == true)
    #expect(page.lifetime == "Until 30 days pass without use, 365 days at most")
    #expect(!page.isRemembered)
    #expect(response.page?.formTargets == ["https://app.example"])
  }

  @Test func V_096_aLoopbackAnswerIsWarnedAbout() async throws {
    let door = try FrontDoor()
    try await door.addClient(redirectURIs: ["http://127.0.0.1/cb"])
    let standing = try await Standing(door, request: goodRequest.with("redirect_uri", "http://127.0.0.1:5001/cb"))
    let response = await standing.show()
    #expect(response.consentPage?.redirectsToThisDevice == true)
    #expect(response.page?.formTargets == ["http://127.0.0.1:5001"])
    #expect(await standing.submit("allow").location.hasPrefix("http://127.0.0.1:5001/cb?code=mcd_"))
  }

  @Test func V_103_theHostOfAVerifiedClientIsShown() async throws {
    let door = try FrontDoor()
    let id = "https://app.example/client.json"
    door.documents.publish(
      ["client_id": .string(id), "client_name": "Nice\u{202E}App", "redirect_uris": ["https://app.example/cb"]], at: id)
    let standing = try await Standing(door, request: goodRequest.with("client_id", id))
    let page = try #require(await standing.show().consentPage)
    #expect(page.prompt.clientHost == "app.example")
    #expect(!page.prompt.clientName.unicodeScalars.contains("\u{202E}"))
  }

  @Test func N_05_N_09_allowGivesACodeOnceWithStateAndIssuer() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let response = await standing.submit("allow")
    #expect(response.status == 303)
    #expect(response.location.hasPrefix("https://app.example/cb?code=mcd_"))
    #expect(response.answer["state"] == "s 1&é")
    #expect(response.answer["iss"] == "https://gw.example")
    let digest = try #require(ArtefactKind.authorizationCode.digest((response.answer["code"] ?? "").utf8))
    let code = try #require(try await door.store.authorizationCode(digest, at: door.clock.now()))
    #expect(code.client == "app")
    #expect(code.route == FrontDoor.time)
    #expect(code.codeChallenge == FrontDoor.challenge)
    #expect(code.redirectURI == "https://app.example/cb")
    #expect(code.redirectURIWasSent)
    #expect(code.expiresAt - code.issuedAt <= .seconds(60))
    let pending = try await door.store.pendingAuthorization(TransactionID(standing.transaction), at: door.clock.now())
    #expect(code.flow == pending?.flow)
    #expect(door.audit.actions == [.authorizationRequested, .consentGranted, .codeIssued])
    #expect(!"\(door.audit.events)".contains("mcd_"))
  }

  @Test func A1_everyFurtherSubmitAnswersTheSame() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let first = await standing.submit("allow")
    for decision in ["allow", "deny", "allow"] {
      #expect(await standing.submit(decision).location == first.location)
    }
    let pending = try await door.store.pendingAuthorization(TransactionID(standing.transaction), at: door.clock.now())
    let sealed = try #require(pending?.sealedOutcome)
    #expect(!String(decoding: sealed, as: UTF8.self).contains("mcd_"))
    #expect(door.audit.actions.count { $0 == .codeIssued } == 1)
  }

  @Test func A1_submitsAtTheSameTimeGiveOneCode() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let locations = await withTaskGroup(of: String.self) { group in
      for _ in 0..<20 { group.addTask { await standing.submit("allow").location } }
      return await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(locations.count == 1)
    #expect(door.audit.actions.count { $0 == .codeIssued } == 1)
  }

  @Test func theFirstAnswerIsNotForTheNextUserOfTheBrowser() async throws {
    let door = try await door()
    var standing = try await Standing(door)
    let first = await standing.submit("allow")
    try await door.logIn(&standing.browser, as: "eve")
    let second = await standing.submit("allow")
    #expect(second.status == 400)
    #expect(second.location != first.location)
  }

  @Test func denyIsToldToTheClientAndRemembersNothing() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let response = await standing.submit("deny")
    #expect(response.answer["error"] == "access_denied")
    #expect(response.answer["iss"] == "https://gw.example")
    #expect(response.answer["state"] == "s 1&é")
    #expect(response.answer["code"] == nil)
    #expect(door.audit.actions.last == .consentDenied)
    #expect(try await Standing(door).show().consentPage?.isRemembered == false)
    // The same link again, after it was answered, is a new question.
    let again = await door.authorization.authorize(standing.browser.get("/authorize", goodRequest))
    #expect(again.answer["transaction"] != standing.transaction)
  }

  @Test func V_018c_aRememberedConsentStillShowsThePage() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    _ = await standing.submit("allow")
    func page(_ pairs: [(String, String)], _ browser: TestBrowser) async -> ConsentPage? {
      let next = await door.authorization.authorize(browser.get("/authorize", pairs))
      #expect(next.location.hasPrefix("/consent?"))
      return await door.consent.show(browser.follow(next.location)).consentPage
    }
    let again = goodRequest.with("state", "2")
    #expect(await page(again, standing.browser)?.isRemembered == true)
    #expect(await page(again.with("scope", "mcp offline_access"), standing.browser)?.isRemembered == false)
    #expect(await page(again.with("resource", "https://gw.example/notes/mcp"), standing.browser)?.isRemembered == false)
    try await door.addClient("evil")
    #expect(await page(again.with("client_id", "evil"), standing.browser)?.isRemembered == false)
    let elsewhere = try await Standing(door, request: again)
    #expect(await elsewhere.show().consentPage?.isRemembered == false)
  }

  @Test func V_018b_anotherBrowserCanNeitherSeeNorDecide() async throws {
    let door = try await door()
    let mine = try await Standing(door)
    let csrf = try #require(await mine.show().consentPage?.csrf)
    var other = try await Standing(door, request: goodRequest.with("state", "other"))
    other.transaction = mine.transaction
    #expect(await other.show().status == 403)
    let form = [("transaction", mine.transaction), ("csrf", csrf), ("decision", "allow")]
    #expect(await door.consent.decide(other.browser.post("/consent", form)).status == 403)
    #expect(await door.consent.decide(TestBrowser().post("/consent", form)).status == 403)
    #expect(!door.audit.actions.contains(.codeIssued))
    let id = TransactionID(mine.transaction)
    let browser = try #require(ArtefactKind.browser.digest((other.browser.jar[door.cookies.name(.browser)] ?? "").utf8))
    #expect(try await door.prompts.prompt(for: id, browser: browser) == nil)
  }

  @Test func V_018b_aFormNeedsTheValueOfItsOwnPage() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let other = try await Standing(door, request: goodRequest.with("state", "other"))
    let foreign = try #require(await other.show().consentPage?.csrf)
    for csrf in ["", "x", foreign] {
      #expect(await standing.submit("allow") { $0.with("csrf", csrf) }.status == 403)
    }
    #expect(await standing.submit("allow") { $0.with("csrf", nil) }.status == 403)
    #expect(await standing.submit("maybe").status == 400)
    #expect(await standing.submit("allow") { $0 + [("decision", "deny")] }.status == 400)
    #expect(!door.audit.actions.contains(.codeIssued))
  }

  @Test func V_023_tenTabsEachCompleteTheirOwn() async throws {
    let door = try await door()
    let first = try await Standing(door)
    var tabs: [(state: String, transaction: String, csrf: String)] = []
    for state in (0..<10).map(String.init) {
      let request = first.browser.get("/authorize", goodRequest.with("state", state))
      let next = await door.authorization.authorize(request)
      let page = try #require(await door.consent.show(first.browser.follow(next.location)).consentPage)
      tabs.append((state, page.transaction, page.csrf))
    }
    #expect(Set(tabs.map(\.transaction)).count == 10)
    for (tab, next) in zip(tabs, tabs.dropFirst()) {
      let crossed = [("transaction", tab.transaction), ("csrf", next.csrf), ("decision", "allow")]
      #expect(await door.consent.decide(first.browser.post("/consent", crossed)).status == 403)
    }
    var codes: Set<String> = []
    for tab in tabs.reversed() {
      let form = [("transaction", tab.transaction), ("csrf", tab.csrf), ("decision", "allow")]
      let answer = await door.consent.decide(first.browser.post("/consent", form)).answer
      #expect(answer["state"] == tab.state)
      codes.insert(answer["code"] ?? "")
    }
    #expect(codes.count == 10)
  }

  /// Tabs whose first requests were under way together, before the browser had any cookie of ours.
  @Test func V_023_tabsThatBeganTogetherEachComplete() async throws {
    let door = try await door()
    var browser = TestBrowser()
    var tabs: [(state: String, answer: EndpointResponse)] = []
    for state in ["one", "two", "three"] {
      let request = browser.get("/authorize", goodRequest.with("state", state))
      tabs.append((state, await door.authorization.authorize(request)))
    }
    for tab in tabs { browser.keep(tab.answer) }
    try await door.logIn(&browser)
    for tab in tabs {
      let transaction = tab.answer.answer["transaction"] ?? ""
      let shown = await door.consent.show(browser.get("/consent", [("transaction", transaction)]))
      let csrf = try #require(shown.consentPage?.csrf)
      let form = [("transaction", transaction), ("csrf", csrf), ("decision", "allow")]
      let decided = await door.consent.decide(browser.post("/consent", form)).answer
      #expect(decided["code"] != nil && decided["state"] == tab.state)
    }
  }

  @Test func V_008_withoutALoginThereIsNoConsent() async throws {
    let door = try await door()
    var standing = try await Standing(door)
    let csrf = await standing.show().consentPage?.csrf ?? ""
    standing.browser.jar[door.cookies.name(.session)] = nil
    #expect(await standing.show().location == "/login?transaction=\(standing.transaction)")
    let form = [("transaction", standing.transaction), ("csrf", csrf), ("decision", "allow")]
    let response = await door.consent.decide(standing.browser.post("/consent", form))
    #expect(response.location == "/login?transaction=\(standing.transaction)")
    #expect(!door.audit.actions.contains(.codeIssued))
  }

  @Test func V_054_aLoginOfAnotherBrowserIsNone() async throws {
    let door = try await door()
    let mine = try await Standing(door)
    var other = try await Standing(door, request: goodRequest.with("state", "other"))
    #expect(await other.show().status == 200)
    other.browser.jar[door.cookies.name(.session)] = mine.browser.jar[door.cookies.name(.session)]
    #expect(await other.show().location == "/login?transaction=\(other.transaction)")
    #expect(await other.submitBlind().location == "/login?transaction=\(other.transaction)")
    #expect(!door.audit.actions.contains(.codeIssued))
  }

  @Test func aDisabledUserIsNotLoggedIn() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    _ = try await door.store.setUserDisabled("ada", at: door.clock.now())
    #expect(await standing.show().location.hasPrefix("/login?"))
  }

  @Test func aTenantThatTheRouteDoesNotAdmitGetsAPage() async throws {
    let door = try FrontDoor(routes: [
      ProtectedRoute(id: FrontDoor.time, displayName: "time", tenants: ["default"]),
      ProtectedRoute(id: FrontDoor.notes, displayName: "notes", tenants: nil),
    ])
    try await door.addClient()
    let standing = try await Standing(door, tenant: "acme")
    let response = await standing.show()
    #expect(response.status == 403)
    #expect(response.message?.message.contains("time") == true)
    #expect(await standing.submit("allow").status == 403)
    let choosing = try await Standing(door, request: goodRequest.with("resource", nil), tenant: "acme")
    #expect(await choosing.show().consentPage?.choices.map(\.name) == ["notes"])
  }

  @Test func A5_theUserChoosesWhereNoResourceWasNamed() async throws {
    let door = try await door()
    let standing = try await Standing(door, request: goodRequest.with("resource", nil))
    let page = try #require(await standing.show().consentPage)
    #expect(page.choices.map(\.name) == ["notes", "time"])
    #expect(!page.isRemembered)
    for wrong in [nil, "https://gw.example/other/mcp", "https://evil.example/time/mcp", "time"] {
      #expect(await standing.submit("allow") { $0.with("resource", wrong) }.status == 400)
    }
    let response = await standing.submit("allow") { $0.with("resource", "https://gw.example/time/mcp") }
    let digest = try #require(ArtefactKind.authorizationCode.digest((response.answer["code"] ?? "").utf8))
    #expect(try await door.store.authorizationCode(digest, at: door.clock.now())?.route == FrontDoor.time)
  }

  @Test func aChoiceOutsideTheRequestIsNone() async throws {
    let standing = try await Standing(try await door())
    let response = await standing.submit("allow") { $0.with("resource", "https://gw.example/notes/mcp") }
    #expect(response.status == 400)
  }

  @Test func troubleIs503() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let form = [
      ("transaction", standing.transaction), ("csrf", await standing.show().consentPage?.csrf ?? ""),
      ("decision", "allow"),
    ]
    door.store.fail(with: .unavailable("locked"))
    for response in [await standing.show(), await door.consent.decide(standing.browser.post("/consent", form))] {
      #expect(response.status == 503)
      #expect(response.header("retry-after") != nil)
    }
    door.store.fail(with: nil)
    #expect(await door.consent.decide(standing.browser.post("/consent", form)).answer["code"] != nil)
  }

  @Test func anIncompleteAddressIsAPage() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    for query in [[], [("transaction", "")], [("transaction", "a"), ("transaction", "b")]] as [[(String, String)]] {
      #expect(await door.consent.show(standing.browser.get("/consent", query)).status == 400)
    }
    #expect(await door.consent.show(standing.browser.get("/consent", [("transaction", "unknown")])).status == 400)
    #expect(await door.consent.show(standing.browser.post("/consent", [])).status == 405)
    #expect(await door.consent.decide(standing.browser.get("/consent")).status == 405)
  }

  @Test func theLoginPageLearnsWhoWaits() async throws {
    let door = try await door()
    let standing = try await Standing(door)
    let cookie = standing.browser.jar[door.cookies.name(.browser)] ?? ""
    let browser = try #require(ArtefactKind.browser.digest(cookie.utf8))
    let prompt = try await door.prompts.prompt(for: TransactionID(standing.transaction), browser: browser)
    #expect(prompt == LoginPrompt(clientName: "An App", clientHost: nil, redirectHost: "app.example"))
    #expect(try await door.prompts.prompt(for: "unknown", browser: browser) == nil)
    door.clock.advance(by: .seconds(601))
    #expect(try await door.prompts.prompt(for: TransactionID(standing.transaction), browser: browser) == nil)
  }

  @Test(arguments: [(1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (7200, "2 hours"), (86_400, "1 day")])
  func durationsAreToldInWords(_ seconds: Int, _ words: String) {
    #expect(ConsentPage.words(.seconds(seconds)) == words)
  }
}
