import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

struct AuthorizationTransactionTests {
  @Test func A1_theSameURLInTheSameBrowserIsTheSameTransaction() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    let first = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    browser.keep(first)
    for _ in 0..<5 {
      door.clock.advance(by: .seconds(100))
      let again = await door.authorization.authorize(browser.get("/authorize", goodRequest))
      #expect(again.location == first.location)
      #expect(again.header("set-cookie") == nil)
    }
    #expect(door.audit.actions.count { $0 == .authorizationRequested } == 1)
    let elsewhere = await door.authorization.authorize(TestBrowser().get("/authorize", goodRequest))
    #expect(elsewhere.location != first.location)
    let other = await door.authorization.authorize(browser.get("/authorize", goodRequest.with("state", "t")))
    #expect(other.location != first.location)
  }

  @Test func A1_anExpiredTransactionStartsAnew() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    let first = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    browser.keep(first)
    door.clock.advance(by: .seconds(601))
    let shown = await door.consent.show(browser.follow(first.location.replacing("/login", with: "/consent")))
    #expect(shown.status == 400)
    let again = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    let id = TransactionID(again.answer["transaction"] ?? "")
    #expect(try await door.store.pendingAuthorization(id, at: door.clock.now()) != nil)
  }

  @Test func A6_parallelFlowsStandSideBySide() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    browser.keep(await door.authorization.authorize(browser.get("/authorize", goodRequest)))
    let ready = browser
    let transactions = await withTaskGroup(of: String.self) { group in
      for tab in 0..<20 {
        group.addTask {
          await door.authorization.authorize(ready.get("/authorize", goodRequest.with("state", "\(tab)"))).location
        }
      }
      return await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(transactions.count == 20)
  }

  @Test func aPostIsTakenLikeAGet() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    let first = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    browser.keep(first)
    #expect(await door.authorization.authorize(browser.post("/authorize", goodRequest)).location == first.location)
    // From another site the cookie doesn't come with a POST: the browser is sent round once instead of given a new one.
    let crossSite = await door.authorization.authorize(TestBrowser().post("/authorize", goodRequest))
    #expect(crossSite.status == 303)
    #expect(crossSite.header("set-cookie") == nil)
    #expect(await door.authorization.authorize(browser.follow(crossSite.location)).location == first.location)
  }

  @Test func whoIsLoggedInGoesToTheConsentPage() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    browser.keep(await door.authorization.authorize(browser.get("/authorize", goodRequest)))
    let user = try await door.logIn(&browser)
    let response = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    #expect(response.location.hasPrefix("/consent?transaction="))
    _ = try await door.store.setUserDisabled(user.id, at: door.clock.now())
    let disabled = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    #expect(disabled.location.hasPrefix("/login?transaction="))
  }

  @Test func aLoginOfAnotherBrowserIsNone() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var mine = TestBrowser()
    mine.keep(await door.authorization.authorize(mine.get("/authorize", goodRequest)))
    try await door.logIn(&mine)
    var other = TestBrowser()
    other.keep(await door.authorization.authorize(other.get("/authorize", goodRequest)))
    other.jar[door.cookies.name(.session)] = mine.jar[door.cookies.name(.session)]
    let response = await door.authorization.authorize(other.get("/authorize", goodRequest))
    #expect(response.location.hasPrefix("/login"))
  }

  @Test func V_055_anotherArtefactIsNoBrowser() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    var browser = TestBrowser()
    browser.jar[door.cookies.name(.browser)] = ByteString(ArtefactKind.loginSession.mint(door.random).expose()).string
    let response = await door.authorization.authorize(browser.get("/authorize", goodRequest))
    #expect(response.header("set-cookie") != nil)
  }

  @Test func theFlowOfTheRegistrationGoesOn() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    let flows = door.flows
    let flow = flows.flow(address: "192.0.2.7", client: "app", route: nil)
    let endpoint = AuthorizationEndpoint(
      settings: door.snapshot, clients: door.directory, authorizations: door.store, sessions: door.store,
      users: door.store, flows: flows, audit: door.audit, cookies: door.cookies, clock: door.clock, random: door.random)
    let response = await endpoint.authorize(TestBrowser(address: "198.51.100.9").get("/authorize", goodRequest))
    let id = TransactionID(response.answer["transaction"] ?? "")
    #expect(try await door.store.pendingAuthorization(id, at: door.clock.now())?.flow == flow)
    #expect(door.audit.events.last?.flow == flow)
  }
}
