import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

/// V-050c: what was stored between request and answer is believed no more than the request was.
struct StoredTransactionTamperingTests {
  /// Stores an altered copy of a transaction in its place.
  private func alter(
    _ standing: Standing, _ change: (inout PendingAuthorization) -> Void
  ) async throws -> Standing {
    let id = TransactionID(standing.transaction)
    var pending = try #require(try await standing.door.store.pendingAuthorization(id, at: standing.door.clock.now()))
    change(&pending)
    // A memory store keeps what it has until it has expired, so the copy goes into a new one with everything else.
    let door = try FrontDoor()
    try await door.addClient(redirectURIs: ["https://app.example/cb", "https://app.example/two"])
    try await door.addClient("other")
    _ = try await door.store.beginAuthorization(pending)
    return try await Standing(door, reusing: standing)
  }

  @Test(arguments: 0..<8)
  func V_050c_anAlteredFieldEndsTheTransaction(_ field: Int) async throws {
    let door = try FrontDoor()
    try await door.addClient(redirectURIs: ["https://app.example/cb", "https://app.example/two"])
    let standing = try await Standing(door)
    let altered = try await alter(standing) { pending in
      switch field {
      case 0: pending.client = "other"
      case 1: pending.redirectURI = "https://app.example/two"
      case 2: pending.redirectURIWasSent = false
      case 3: pending.state = "forged"
      case 4: pending.codeChallenge = "wpUTbuf5SPyTIZkfEqETdFj7Oze4OOLBYLfUQEVvmOA"
      case 5: pending.route = FrontDoor.notes
      case 6: pending.scope = ["mcp", "offline_access"]
      default: pending.state = nil
      }
    }
    for response in [await altered.show(), await altered.submitBlind()] {
      #expect(response.status == 400)
      #expect(response.header("location") == nil)
    }
    #expect(!altered.door.audit.actions.contains(.codeIssued))
  }

  @Test func V_050c_anUntouchedCopyGoesThrough() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    let altered = try await alter(try await Standing(door)) { _ in }
    #expect(await altered.submitBlind().answer["code"] != nil)
  }

  @Test func V_050c_theBrowserIsPartOfTheTransaction() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    let thief = try await Standing(door, request: goodRequest.with("state", "thief"))
    let cookie = thief.browser.jar[door.cookies.name(.browser)] ?? ""
    let digest = try #require(ArtefactKind.browser.digest(cookie.utf8))
    let victim = try await Standing(door)
    var stolen = try await alter(victim) { $0.browser = digest }
    stolen = try await Standing(stolen.door, reusing: thief)
    stolen.transaction = victim.transaction
    #expect(await stolen.show().status == 400)
    #expect(await stolen.submitBlind().status == 400)
  }

  @Test func V_050c_theClientIsLookedUpAgain() async throws {
    let door = try FrontDoor()
    try await door.addClient()
    let standing = try await Standing(door)
    let form = await standing.form("allow")
    _ = try await door.store.removeClient("app")
    #expect(await door.consent.decide(standing.browser.post("/consent", form)).status == 400)
    try await door.addClient(redirectURIs: ["https://app.example/moved"])
    let moved = await door.consent.decide(standing.browser.post("/consent", form))
    #expect(moved.status == 400)
    #expect(moved.header("location") == nil)
    _ = try await door.store.removeClient("app")
    try await door.addClient(grants: [.clientCredentials])
    #expect(await door.consent.decide(standing.browser.post("/consent", form)).status == 400)
    _ = try await door.store.removeClient("app")
    try await door.addClient(servers: ["notes"])
    #expect(await door.consent.decide(standing.browser.post("/consent", form)).status == 403)
    _ = try await door.store.removeClient("app")
    try await door.addClient()
    #expect(await door.consent.decide(standing.browser.post("/consent", form)).answer["code"] != nil)
  }

  @Test func theSealedAnswerCannotBeMovedToAnotherTransaction() throws {
    let door = try FrontDoor()
    let outcomes = SealedOutcome(sealer: door.sealer)
    let user = User(
      id: "ada", tenant: .default, origin: .local(loginName: "ada"), displayName: "Ada", createdAt: door.clock.now())
    let sealed = try outcomes.seal("https://app.example/cb?code=1", for: user, of: "a")
    #expect(try outcomes.open(sealed, for: user, of: "a") == "https://app.example/cb?code=1")
    #expect(throws: SealError.self) { try outcomes.open(sealed, for: user, of: "b") }
    for index in sealed.indices {
      var altered = sealed
      altered[index] ^= 1
      #expect(throws: SealError.self) { try outcomes.open(altered, for: user, of: "a") }
    }
  }
}
