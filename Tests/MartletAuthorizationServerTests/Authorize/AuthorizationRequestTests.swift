import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

/// A request that is right in every way.
let goodRequest: [(String, String)] = [
  ("client_id", "app"), ("redirect_uri", "https://app.example/cb"), ("response_type", "code"), ("state", "s 1&é"),
  ("code_challenge", FrontDoor.challenge), ("code_challenge_method", "S256"),
  ("resource", "https://gw.example/time/mcp"), ("scope", "mcp"),
]

struct AuthorizationRequestTests {
  private func ask(_ pairs: [(String, String)], _ door: FrontDoor) async -> EndpointResponse {
    await door.authorization.authorize(TestBrowser().get("/authorize", pairs))
  }

  private func door() async throws -> FrontDoor {
    let door = try FrontDoor()
    try await door.addClient()
    return door
  }

  @Test func V_008_aGoodRequestLeadsToTheLoginAndNeverToACode() async throws {
    let door = try await door()
    let response = await ask(goodRequest, door)
    #expect(response.status == 303)
    #expect(response.location.hasPrefix("/login?transaction="))
    let cookie = try #require(response.header("set-cookie"))
    #expect(cookie.hasPrefix("__Host-martlet-browser=mbr_"))
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] { #expect(cookie.contains(part)) }
    #expect(response.header("cache-control") == "no-store")
    #expect(door.audit.actions == [.authorizationRequested])
  }

  @Test func theTableHasItsOrder() {
    let names = AuthorizationChecks.table.map { String(describing: type(of: $0)) }
    #expect(
      names == [
        "RepeatedParameterCheck", "RequestObjectCheck", "ResponseTypeCheck", "ResponseModeCheck", "CodeChallengeCheck",
        "ResourceCheck", "ScopeCheck", "PromptCheck", "GrantTypeCheck",
      ])
  }

  @Test func theFirstWrongThingIsTold() async throws {
    let door = try FrontDoor()
    try await door.addClient(grants: [.clientCredentials])
    var pairs: [(String, String)] = [
      ("client_id", "nobody"), ("redirect_uri", "https://evil.example/cb"), ("nonce", "1"), ("nonce", "2"),
      ("request", "e30"), ("response_type", "token"), ("response_mode", "fragment"), ("resource", "https://x.example/"),
      ("prompt", "none login"), ("state", "s"),
    ]
    let steps: [(name: String, good: [String], expected: String)] = [
      ("", [], "page"), ("client_id", ["app"], "page"), ("redirect_uri", ["https://app.example/cb"], "invalid_request"),
      ("nonce", ["1"], "request_not_supported"), ("request", [], "unsupported_response_type"),
      ("response_type", ["code"], "invalid_request"), ("response_mode", ["query"], "invalid_request"),
      ("code_challenge", [FrontDoor.challenge], "invalid_request"),
      ("code_challenge_method", ["S256"], "invalid_target"),
      ("resource", [], "invalid_request"), ("prompt", [], "unauthorized_client"),
    ]
    var seen: [String] = []
    for step in steps {
      pairs = pairs.filter { $0.0 != step.name } + step.good.map { (step.name, $0) }
      let response = await ask(pairs, door)
      seen.append(response.message == nil ? response.answer["error"] ?? "-" : "page")
    }
    #expect(seen == steps.map(\.expected))
    #expect(door.audit.actions.allSatisfy { $0 == .authorizationRefused })
  }

  @Test func aMissingCheckClosesTheDoor() async throws {
    let door = try await door()
    let parameters = try AuthorizationParameters(reading: TestBrowser().get("/authorize", goodRequest))
    let client = try await door.directory.client("app")
    let address = try RedirectURICheck(settings: door.settings).returnAddress(of: parameters, for: client)
    let request = AddressedRequest(
      parameters: parameters, client: client, returnAddress: address, settings: door.settings)
    _ = try ValidatedAuthorizationRequest(request)
    for skipped in ["CodeChallengeCheck", "ResourceCheck", "ScopeCheck", "PromptCheck"] {
      let table = AuthorizationChecks.table.filter { String(describing: type(of: $0)) != skipped }
      #expect(throws: OAuthError.self) { try ValidatedAuthorizationRequest(request, passing: table) }
    }
  }

  @Test(arguments: ["nobody", "https://claude.ai", "https://unknown.example/client.json", "APP", "app\u{0301}", "app "])
  func G8_anUnknownClientGetsAPageWith400(_ id: String) async throws {
    let response = await ask(goodRequest.with("client_id", id), try await door())
    #expect(response.status == 400)
    #expect(response.message != nil)
    #expect(response.header("location") == nil)
    #expect(response.header("set-cookie") == nil)
  }

  @Test(arguments: [
    "https://evil.example/cb", "https://app.example/cb/", "https://app.example/cb?x=1", "https://APP.example/cb",
    "https://app.example:443/cb", "https://app.example/cb#f", "https://app.example@evil.example/cb",
    "https://app.example/%63b", "http://app.example/cb", "https://app.example\\@evil.example/cb", "javascript:alert(1)",
    "https://app.example/cb\u{0}", "//app.example/cb", "https://app.example/cb/../cb",
  ])
  func V_050a_N_04_anUnknownRedirectURIIsNeverFollowed(_ uri: String) async throws {
    for extra in [nil, "nope"] {
      let response = await ask(goodRequest.with("redirect_uri", uri).with("response_type", extra), try await door())
      #expect(response.status == 400)
      #expect(response.message != nil)
      #expect(response.header("location") == nil)
    }
  }

  @Test func N_01_aLoopbackPortMayDiffer() async throws {
    let door = try FrontDoor()
    try await door.addClient(redirectURIs: ["http://127.0.0.1/cb", "http://localhost:1/cb", "https://app.example:1/cb"])
    for good in ["http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", "http://localhost:33418/cb"] {
      #expect(await ask(goodRequest.with("redirect_uri", good), door).status == 303)
    }
    for bad in [
      "http://127.0.0.1:5000/cb2", "http://127.0.0.2:5000/cb", "https://app.example:2/cb", "http://[::1]:1/cb",
    ] {
      #expect(await ask(goodRequest.with("redirect_uri", bad), door).status == 400)
    }
  }

  @Test func theOnlyRedirectURINeedNotBeNamed() async throws {
    let door = try await door()
    #expect(await ask(goodRequest.with("redirect_uri", nil), door).status == 303)
    try await door.addClient("two", redirectURIs: ["https://app.example/a", "https://app.example/b"])
    let response = await ask(goodRequest.with("redirect_uri", nil).with("client_id", "two"), door)
    #expect(response.status == 400)
    #expect(response.header("location") == nil)
  }

  @Test func V_022_aRedirectURIOnTheGatewayIsRefusedEvenWhereItIsRegistered() async throws {
    let door = try FrontDoor(origin: "http://127.0.0.1:8080")
    try await door.addClient(redirectURIs: ["http://localhost/login/corp/callback"])
    let pairs = goodRequest.with("resource", nil)
    #expect(await ask(pairs.with("redirect_uri", "http://localhost:8080/login/corp/callback"), door).status == 400)
    #expect(await ask(pairs.with("redirect_uri", "http://localhost:8081/login/corp/callback"), door).status == 303)
  }

  @Test func N_05_everyRedirectedErrorHasIssuerAndState() async throws {
    let response = await ask(goodRequest.with("response_type", "token"), try await door())
    #expect(response.status == 303)
    #expect(response.location.hasPrefix("https://app.example/cb?"))
    #expect(response.answer["error"] == "unsupported_response_type")
    #expect(response.answer["state"] == "s 1&é")
    #expect(response.answer["iss"] == "https://gw.example")
    #expect(response.answer["code"] == nil)
  }

  @Test(arguments: ["client_id", "redirect_uri", "state"])
  func aRepeatedIdentityIsAPage(_ name: String) async throws {
    let value = goodRequest.first { $0.0 == name }?.1 ?? ""
    let response = await ask(goodRequest + [(name, value)], try await door())
    #expect(response.status == 400)
    #expect(response.header("location") == nil)
  }

  @Test(arguments: ["response_type", "code_challenge", "code_challenge_method", "scope"])
  func anyOtherRepeatedParameterIsTold(_ name: String) async throws {
    let value = goodRequest.first { $0.0 == name }?.1 ?? ""
    #expect(await ask(goodRequest + [(name, value)], try await door()).answer["error"] == "invalid_request")
  }

  @Test func V_057_requestObjectsAreNeverFetched() async throws {
    let door = try await door()
    let byValue = await ask(goodRequest + [("request", "eyJ")], door)
    let byReference = await ask(goodRequest + [("request_uri", "http://169.254.169.254/")], door)
    #expect(byValue.answer["error"] == "request_not_supported")
    #expect(byReference.answer["error"] == "request_uri_not_supported")
  }

  @Test(arguments: [
    ("token", "unsupported_response_type"), ("code id_token", "unsupported_response_type"), ("", "invalid_request"),
  ])
  func N_03_codeIsTheOnlyResponseType(_ type: String, _ error: String) async throws {
    #expect(await ask(goodRequest.with("response_type", type), try await door()).answer["error"] == error)
  }

  @Test func queryIsTheOnlyResponseMode() async throws {
    let door = try await door()
    #expect(await ask(goodRequest + [("response_mode", "query")], door).location.hasPrefix("/login"))
    #expect(await ask(goodRequest + [("response_mode", "form_post")], door).answer["error"] == "invalid_request")
  }

  @Test(
    arguments: [
      (nil, "S256"), (FrontDoor.challenge, nil), (FrontDoor.challenge, "plain"), (FrontDoor.challenge, "s256"),
      ("short", "S256"), (FrontDoor.challenge + "=", "S256"), (String(FrontDoor.challenge.dropLast()) + "N", "S256"),
    ] as [(String?, String?)])
  func N_02_V_050b_onlyS256IsTaken(_ challenge: String?, _ method: String?) async throws {
    let pairs = goodRequest.with("code_challenge", challenge).with("code_challenge_method", method)
    #expect(await ask(pairs, try await door()).answer["error"] == "invalid_request")
  }

  @Test(arguments: [
    "https://gw.example/time/mcp", "https://gw.example/time/mcp/", "HTTPS://GW.example/time/mcp",
    "https://gw.example:443/time/mcp",
  ])
  func V_019_A4_aResourceMayBeSpeltInSomeWays(_ resource: String) async throws {
    let door = try await door()
    var browser = TestBrowser()
    let request = goodRequest.with("resource", resource) + [("resource", "https://gw.example/time/mcp")]
    let response = await door.authorization.authorize(browser.get("/authorize", request))
    browser.keep(response)
    let id = TransactionID(response.answer["transaction"] ?? "")
    #expect(try await door.store.pendingAuthorization(id, at: door.clock.now())?.route == FrontDoor.time)
  }

  @Test(arguments: [
    "https://gw.example/", "https://gw.example/other/mcp", "https://gw.example/time/mcp//",
    "https://gw.example/TIME/mcp",
    "https://evil.example/time/mcp", "http://gw.example/time/mcp", "https://gw.example/time/mcp?x", "time", "/time/mcp",
    "https://gw.example/time/mcp#f", "https://gw.example/x/../time/mcp", "https://gw.example/%74ime/mcp",
  ])
  func V_019_anyOtherResourceIsRefused(_ resource: String) async throws {
    #expect(await ask(goodRequest.with("resource", resource), try await door()).answer["error"] == "invalid_target")
  }

  @Test func V_019_oneResourceAtATime() async throws {
    let response = await ask(goodRequest + [("resource", "https://gw.example/notes/mcp")], try await door())
    #expect(response.answer["error"] == "invalid_target")
  }

  @Test func A5_withoutAResourceTheOnlyPermittedRouteIsMeant() async throws {
    let door = try await door()
    try await door.addClient("restricted", servers: ["notes"])
    let cases: [(ClientID, RouteID?)] = [("app", nil), ("restricted", FrontDoor.notes)]
    for (client, route) in cases {
      let response = await ask(goodRequest.with("resource", nil).with("client_id", client.string), door)
      let id = TransactionID(response.answer["transaction"] ?? "")
      let pending = try #require(try await door.store.pendingAuthorization(id, at: door.clock.now()))
      #expect(pending.route == route)
    }
  }

  @Test func V_060_aClientKeepsToItsServers() async throws {
    let door = try FrontDoor()
    try await door.addClient(servers: ["notes"])
    #expect(await ask(goodRequest, door).answer["error"] == "invalid_target")
    try await door.addClient("nowhere", servers: [])
    let response = await ask(goodRequest.with("client_id", "nowhere").with("resource", nil), door)
    #expect(response.answer["error"] == "invalid_target")
  }

  @Test(
    arguments: [
      (nil, "mcp"), ("", "mcp"), (" offline_access", "mcp offline_access"), ("mcp:tools", "mcp"),
      ("openid mcp  offline_access é", "mcp offline_access"), ("admin", "mcp"),
    ] as [(String?, String)])
  func A3_unknownScopeIsDropped(_ asked: String?, _ kept: String) async throws {
    let door = try await door()
    let response = await ask(goodRequest.with("scope", asked), door)
    let id = TransactionID(response.answer["transaction"] ?? "")
    #expect(try await door.store.pendingAuthorization(id, at: door.clock.now())?.scope.string == kept)
  }

  @Test func A2_promptIsHonouredAtMostByUs() async throws {
    let door = try await door()
    #expect(await ask(goodRequest + [("prompt", "consent")], door).location.hasPrefix("/login"))
    #expect(await ask(goodRequest + [("prompt", "none")], door).answer["error"] == "login_required")
    #expect(await ask(goodRequest + [("prompt", "none consent")], door).answer["error"] == "invalid_request")
    var browser = TestBrowser()
    browser.keep(await ask(goodRequest, door))
    try await door.logIn(&browser)
    let response = await door.authorization.authorize(browser.get("/authorize", goodRequest + [("prompt", "none")]))
    #expect(response.answer["error"] == "consent_required")
    #expect(response.answer["iss"] == "https://gw.example")
  }

  @Test func V_060_theGrantMustBeTheClients() async throws {
    let door = try FrontDoor()
    try await door.addClient(grants: [.clientCredentials])
    #expect(await ask(goodRequest, door).answer["error"] == "unauthorized_client")
  }

  @Test func transientTroubleIs503AndSaysNothingAboutTheClient() async throws {
    let door = try await door()
    door.store.fail(with: .unavailable("locked"))
    let response = await ask(goodRequest, door)
    #expect(response.status == 503)
    #expect(response.header("retry-after") != nil)
    #expect(response.message != nil)
    door.store.fail(with: nil)
    door.documents.fail("https://app.example/client.json", with: .unavailable(reason: "timeout"))
    let described = await ask(goodRequest.with("client_id", "https://app.example/client.json"), door)
    #expect(described.status == 503)
  }

  @Test func otherMethodsAndFormatsArePages() async throws {
    let door = try await door()
    var request = TestBrowser().get("/authorize", goodRequest)
    request.method = "PUT"
    #expect(await door.authorization.authorize(request).status == 405)
    request = TestBrowser().post("/authorize", goodRequest)
    request.headers = [("content-type", "application/json")]
    #expect(await door.authorization.authorize(request).status == 400)
    request = TestBrowser().get("/authorize", goodRequest)
    request.query += Array("&x=%ZZ".utf8)
    #expect(await door.authorization.authorize(request).status == 400)
  }

  @Test func V_021_nothingThatCameIsRepeatedOnAPage() async throws {
    let door = try await door()
    let payload = "\"><script>alert(1)</script>"
    for name in ["client_id", "redirect_uri"] {
      let message = try #require(await ask(goodRequest.with(name, payload), door).message)
      #expect(!"\(message)".contains("script"))
    }
  }
}
