import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

struct RegistrationTests {
  private func register(
    _ body: JSONValue, _ door: FrontDoor, type: String? = "application/json", address: String = "192.0.2.7"
  ) async -> EndpointResponse {
    await door.registration.register(
      EndpointRequest(
        method: "POST", path: "/register", headers: type.map { [("content-type", $0)] } ?? [],
        body: JSONWriter.write(body), address: address, id: "r"))
  }

  private let native: JSONValue = ["redirect_uris": ["http://127.0.0.1:5000/cb"], "client_name": "Codex"]

  @Test func G4_thePublicClientsAnswerIsCompleteAndHasNoNulls() async throws {
    let door = try FrontDoor()
    let response = await register(native, door)
    #expect(response.status == 201)
    #expect(response.header("cache-control") == "no-store")
    let json = try #require(response.json)
    #expect(json["token_endpoint_auth_method"] == "none")
    #expect(json["grant_types"] == ["authorization_code", "refresh_token"])
    #expect(json["response_types"] == ["code"])
    #expect(json["redirect_uris"] == ["http://127.0.0.1:5000/cb"])
    #expect(json["client_name"] == "Codex")
    #expect(json["client_secret"] == nil)
    #expect(json.objectValue?.members.allSatisfy { $0.value != .null && $0.value != .string("") } == true)
    let id = ClientID(json["client_id"]?.stringValue ?? "")
    let stored = try #require(try await door.store.client(id))
    #expect(stored.origin == .dynamicRegistration)
    #expect(stored.servers == nil)
    #expect(door.audit.events.map(\.action) == [.clientRegistered])
    #expect(door.audit.events.first?.flow != nil)
  }

  @Test(arguments: ["none", "client_secret_post", "client_secret_basic"])
  func G1_G3_G5_aRequestedMethodIsEchoed(_ method: String) async throws {
    let door = try FrontDoor()
    let json = try #require(
      await register(
        ["redirect_uris": ["https://claude.ai/api/mcp/auth_callback"], "token_endpoint_auth_method": .string(method)],
        door
      ).json)
    #expect(json["token_endpoint_auth_method"] == .string(method))
    let secret = json["client_secret"]?.stringValue
    #expect((secret != nil) == (method != "none"))
    #expect((json["client_secret_expires_at"] != nil) == (method != "none"))
    let stored = try await door.store.client(ClientID(json["client_id"]?.stringValue ?? ""))
    let digests = try secret.map { [try #require(ArtefactKind.clientSecret.digest($0.utf8))] } ?? []
    #expect(stored?.secretDigests == digests)
    #expect((stored?.fingerprint == nil) == (method != "none"))
  }

  @Test(
    arguments: [
      (["http://127.0.0.1:33418/", "https://vscode.dev/redirect"], "none"),
      (["cursor://anysphere.cursor-mcp/cb"], "none"),
      (["https://app.example/cb"], "client_secret_basic"),
    ] as [([String], String)])
  func G2_theMethodIsChosenByTheRedirectURIs(_ uris: [String], _ method: String) async throws {
    let json = await register(["redirect_uris": .array(uris.map { .string($0) })], try FrontDoor()).json
    #expect(json?["token_endpoint_auth_method"] == .string(method))
  }

  @Test func G5_aKeyMethodNeedsKeys() async throws {
    let response = await register(
      ["redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "private_key_jwt"], try FrontDoor())
    #expect(response.status == 400)
    #expect(response.json?["error"] == "invalid_client_metadata")
  }

  @Test func G6_V_059_surplusFieldsAreIgnored() async throws {
    let door = try FrontDoor()
    let response = await register(
      [
        "redirect_uris": ["http://localhost:1/cb"], "application_type": "native",
        "scope": "mcp:tools offline_access admin",
        "logo_uri": "javascript:alert(1)", "software_id": "x", "contacts": [], "client_uri": nil, "tenant": "acme",
        "servers": ["notes"], "roles": ["admin"], "client_id": "chosen", "client_secret": "chosen", "first_party": true,
        "software_statement": "eyJ", "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
      ], door)
    #expect(response.status == 201)
    let json = try #require(response.json)
    #expect(json["scope"] == "mcp offline_access")
    #expect(json["grant_types"] == ["authorization_code", "refresh_token"])
    for absent in ["logo_uri", "tenant", "servers", "roles", "client_secret", "first_party", "software_statement"] {
      #expect(json[absent] == nil, "\(absent)")
    }
    #expect(json["client_id"] != "chosen")
    let stored = try await door.store.client(ClientID(json["client_id"]?.stringValue ?? ""))
    #expect(stored?.tenant == .default)
    #expect(stored?.grantTypes == [.authorizationCode, .refreshToken])
  }

  @Test func G7_V_100_aPublicClientIsTheSameAgainAndASecretIsNeverRepeated() async throws {
    let door = try FrontDoor()
    let first = await register(native, door).json
    door.clock.advance(by: .seconds(60))
    let second = await register(native, door)
    #expect(second.status == 201)
    #expect(second.json == first)
    let other = await register(["redirect_uris": ["http://127.0.0.1:5001/cb"], "client_name": "Codex"], door).json
    #expect(other?["client_id"] != first?["client_id"])
    let web: JSONValue = ["redirect_uris": ["https://app.example/cb"]]
    let one = await register(web, door).json
    let two = await register(web, door).json
    #expect(one?["client_id"] != two?["client_id"])
    #expect(one?["client_secret"] != two?["client_secret"])
  }

  @Test func G14_aSchemeThatIsNotAllowedDoesNotEndTheRest() async throws {
    let door = try FrontDoor()
    let json = await register(
      ["redirect_uris": ["http://localhost:8787/callback", "unknownapp://oauth/callback"]], door
    ).json
    #expect(json?["redirect_uris"] == ["http://localhost:8787/callback"])
    let alone = await register(["redirect_uris": ["unknownapp://oauth/callback"]], door)
    #expect(alone.status == 400)
    #expect(alone.json?["error"] == "invalid_redirect_uri")
  }

  @Test(arguments: [
    "https://gw.example/login/corp/callback", "https://gw.example", "https://GW.EXAMPLE/cb",
    "https://gw.example:443/cb",
  ])
  func V_022_aRedirectURIOnTheGatewayIsRefused(_ uri: String) async throws {
    let response = await register(["redirect_uris": [.string(uri), "http://127.0.0.1/cb"]], try FrontDoor())
    #expect(response.status == 400)
    #expect(response.json?["error"] == "invalid_redirect_uri")
  }

  @Test func V_022_aLoopbackGatewayIsItselfUnderEveryLoopbackName() async throws {
    let door = try FrontDoor(origin: "http://127.0.0.1:8080")
    for host in ["127.0.0.1", "localhost", "[::1]"] {
      #expect(await register(["redirect_uris": [.string("http://\(host):8080/cb")]], door).status == 400)
      #expect(await register(["redirect_uris": [.string("http://\(host):8081/cb")]], door).status == 201)
    }
  }

  @Test(arguments: [
    "http://app.example/cb", "https://u@app.example/cb", "https://app.example/cb#f",
    "https://app.example\\@evil.example/",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "https://*.example/cb",
    "https://app.example/a/../b",
    "https://app.example/..;/b", "http://localhost:8090%2F@evil.example", "https://app.example/cb?code=1", "cb", "",
    "https://аpp.example/cb", "https://2130706433/cb", " https://app.example/cb",
  ])
  func V_051_aHostileRedirectURIEndsTheRegistration(_ uri: String) async throws {
    let door = try FrontDoor()
    let response = await register(["redirect_uris": ["https://app.example/cb", .string(uri)]], door)
    #expect(response.status == 400)
    #expect(response.json?["error"] == "invalid_redirect_uri")
    #expect(try await door.store.clients().isEmpty)
    #expect(door.audit.actions == [.clientRefused])
  }

  @Test(
    arguments: [
      (["redirect_uris": []], "invalid_redirect_uri"), (["client_name": "x"], "invalid_redirect_uri"),
      (["redirect_uris": "https://app.example/cb"], "invalid_client_metadata"),
      (["redirect_uris": ["https://app.example/cb"], "response_types": ["token"]], "invalid_client_metadata"),
      (
        ["redirect_uris": ["https://app.example/cb"], "grant_types": ["client_credentials"]], "invalid_client_metadata"
      ),
      (["redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "tls"], "invalid_client_metadata"),
      ([1], "invalid_client_metadata"), ("text", "invalid_client_metadata"),
    ] as [(JSONValue, String)])
  func badMetadataIsToldWithItsCode(_ body: JSONValue, _ error: String) async throws {
    let response = await register(body, try FrontDoor())
    #expect(response.status == 400)
    #expect(response.json?["error"] == .string(error))
  }

  @Test func theBodyIsStrictJSONOfBoundedSize() async throws {
    let door = try FrontDoor()
    #expect(await register(native, door, type: "application/json; charset=utf-8").status == 201)
    #expect(await register(native, door, type: "text/plain").status == 415)
    #expect(await register(native, door, type: nil).status == 400)
    let long: JSONValue = [
      "redirect_uris": ["https://app.example/cb"], "x": .string(String(repeating: "a", count: 70_000)),
    ]
    #expect(await register(long, door).status == 413)
    for text in ["", "{", "{\"a\":1,\"a\":2}", "[]", "nul"] {
      let request = EndpointRequest(
        method: "POST", path: "/register", headers: [("content-type", "application/json")], body: Array(text.utf8),
        id: "r")
      let response = await door.registration.register(request)
      #expect(response.status == 400)
      #expect(response.json?["error"] == "invalid_client_metadata")
    }
    let get = await door.registration.register(EndpointRequest(method: "GET", path: "/register", id: "r"))
    #expect(get.status == 405)
    #expect(get.json != nil)
  }

  @Test func theSwitchClosesTheDoor() async throws {
    let door = try FrontDoor()
    door.configure { $0.registration.acceptsDynamicRegistration = false }
    let response = await register(native, door)
    #expect(response.status == 403)
    #expect(response.json?["error"] != nil)
    #expect(try await door.store.clients().isEmpty)
  }

  @Test func V_100_theQuotaHoldsAndSparesWhoIsInUse() async throws {
    let door = try FrontDoor()
    door.configure { $0.registration.unusedClients = 5 }
    var used: [ClientID] = []
    for index in 0..<8 {
      let json = await register(["redirect_uris": [.string("https://app.example/\(index)")]], door).json
      if index < 3, let id = json?["client_id"]?.stringValue {
        used.append(ClientID(id))
        try await door.store.noteClientUse(ClientID(id), at: door.clock.now())
      }
    }
    let refused = await register(["redirect_uris": ["https://app.example/9"]], door)
    #expect(refused.status == 503)
    #expect(refused.header("retry-after") == "60")
    #expect(refused.json?["error"] == "temporarily_unavailable")
    door.clock.advance(by: .seconds(3601))
    #expect(await register(["redirect_uris": ["https://app.example/9"]], door).status == 201)
    for id in used { #expect(try await door.store.client(id) != nil) }
    #expect(try await door.store.clients().count == 8)
  }

  @Test func V_100_onlyTheFloodingNetworkIsTurnedAway() async throws {
    let door = try FrontDoor()
    door.configure { $0.registration.unusedClients = 4 }
    func status(_ address: String, _ number: Int) async -> Int {
      let body = JSONWriter.write(["redirect_uris": [.string("https://app.example/\(number)")]])
      return await door.registration.register(
        EndpointRequest(
          method: "POST", path: "/register", headers: [("content-type", "application/json")], body: body,
          address: address, id: "r")
      ).status
    }
    for number in 0..<4 { #expect(await status("192.0.2.\(number)", number) == 201) }
    #expect(await status("192.0.2.200", 4) == 503, "the same /24")
    #expect(await status("::ffff:192.0.2.77", 5) == 503, "in its other spelling")
    #expect(await status("192.0.3.1", 6) == 201)
    #expect(await status("2001:db8:1:1::1", 7) == 201)
    #expect(await status("2001:db8:1:2::1", 8) == 201)
    #expect(await status("2001:db8:1:3::1", 9) == 503, "the same /48, which now has more than any other")
    #expect(await status("2001:db8:2::1", 10) == 201)
  }

  @Test func aStoreThatFailsIs503() async throws {
    let door = try FrontDoor()
    door.store.fail(with: .unavailable("disk full"))
    let response = await register(native, door)
    #expect(response.status == 503)
    #expect(response.header("retry-after") != nil)
    #expect(response.json?["error"] == "temporarily_unavailable")
  }

  @Test func V_103_theNameIsCleanedBeforeItIsKept() async throws {
    let door = try FrontDoor()
    let json = await register(
      [
        "redirect_uris": ["http://127.0.0.1/cb"],
        "client_name": .string("Good\u{202E}\r\n\u{0}App" + String(repeating: "x", count: 500)),
      ],
      door
    ).json
    let name = try #require(try await door.store.client(ClientID(json?["client_id"]?.stringValue ?? ""))?.name)
    #expect(!PlainText.hidesCharacters(name))
    #expect(PlainText.isSingleLine(name))
    #expect(name.unicodeScalars.count <= 101)
  }
}
