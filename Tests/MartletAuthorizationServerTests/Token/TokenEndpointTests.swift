import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct TokenEndpointTests {
  @Test(arguments: ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"]) func onlyPOST(_ method: String) async throws {
    let fixture = try await TokenFixture()
    var request = TokenFixture.request([("grant_type", "x")])
    request.method = method
    let answer = Answer(response: await fixture.endpoint.token(request))
    #expect(answer.status == 405 && answer.header("allow") == "POST")
  }

  @Test(arguments: [
    nil, "", "application/json", "text/plain", "application/x-www-form-urlencodedx", ";",
    "multipart/form-data; boundary=x",
  ])
  func V_050i_aWrongContentTypeIs400(_ type: String?) async throws {
    let fixture = try await TokenFixture()
    var request = TokenFixture.request([("grant_type", "x"), ("client_id", "app")])
    request.headers = type.map { [(name: "content-type", value: $0)] } ?? []
    let answer = Answer(response: await fixture.endpoint.token(request))
    #expect(answer.status == 400 && answer.error == "invalid_request")
  }

  @Test(arguments: ["Application/X-WWW-Form-Urlencoded", "application/x-www-form-urlencoded; charset=UTF-8"])
  func V_050i_parametersAndCaseOfTheContentTypeAreTolerated(_ type: String) async throws {
    let fixture = try await TokenFixture()
    var request = TokenFixture.request([("grant_type", "x"), ("client_id", "app")])
    request.headers = [(name: "content-type", value: type)]
    #expect(Answer(response: await fixture.endpoint.token(request)).error == "unsupported_grant_type")
  }

  @Test func repeatedParametersQueriesAndJunkAreRefused() async throws {
    let fixture = try await TokenFixture()
    for name in ["grant_type", "client_id", "code", "refresh_token", "scope", "foo"] {
      let answer = await fixture.post([("grant_type", "x"), ("client_id", "app"), (name, "y"), (name, "y")])
      #expect(answer.status == 400 && answer.error == "invalid_request", "\(name)")
    }
    for query in ["client_secret=x", "refresh_token=mrf_x", "a=b"] {
      var request = TokenFixture.request([("grant_type", "x"), ("client_id", "app")])
      request.query = Array(query.utf8)
      #expect(Answer(response: await fixture.endpoint.token(request)).error == "invalid_request")
    }
    for body in ["a=%zz", "a=%ff", "%", "client_id=%00"] {
      var request = TokenFixture.request([])
      request.body = Array(body.utf8)
      #expect(Answer(response: await fixture.endpoint.token(request)).status == 400, "\(body)")
    }
  }

  @Test func errorsAreNeverCachedAndNeverEcho() async throws {
    let fixture = try await TokenFixture()
    let answer = await fixture.post([("grant_type", "zz<script>"), ("client_id", "app")])
    #expect(answer.header("cache-control") == "no-store" && answer.header("pragma") == "no-cache")
    #expect(!ByteString(answer.body).string.contains("zz"))
    let event = try #require(fixture.audit.events.last)
    #expect(event.action == .tokenRefused && event.status == 400 && event.client == "app" && event.flow != nil)
  }

  /// Every kind of artefact at every place that takes one: only the right kind in the right place opens.
  @Test func V_055_eachKindOpensItsOwnDoorOnly() async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    var artefacts: [(String, String)] = ArtefactKind.allCases.map { kind in
      (kind.rawValue, ByteString(kind.mint(fixture.random).expose()).string)
    }
    artefacts += [
      ("real code", try await fixture.code()), ("real refresh", login.refreshToken),
      ("real access", login.accessToken.string),
      ("grant", try #require(try fixture.verify(login.accessToken).grant).string),
    ]
    for (name, value) in artefacts {
      let asRefresh = await fixture.refresh(value)
      #expect((asRefresh.status == 200) == (name == "real refresh"), "\(name) as refresh token")
      let asCode = await fixture.redeem(value)
      #expect((asCode.status == 200) == (name == "real code"), "\(name) as code")
      let asSecret = await fixture.post([("grant_type", "x"), ("client_id", "app"), ("client_secret", value)])
      #expect(asSecret.status == 401, "\(name) as secret")
      let isAccepted = (try? fixture.verify(ByteString(value))) != nil
      #expect(isAccepted == (name == "real access"), "\(name) as access token")
    }
    // The same random part under another kind's prefix is another value (one hash domain for each kind).
    let bare = try await fixture.login().refreshToken.dropFirst(4)
    for kind in ArtefactKind.allCases where kind != .refreshToken {
      #expect(await fixture.refresh("\(kind.rawValue)_\(bare)").error == "invalid_grant")
      #expect(await fixture.redeem("\(kind.rawValue)_\(bare)").status == 400)
    }
    for one in ArtefactKind.allCases {
      for other in ArtefactKind.allCases where one != other {
        let secret = one.mint(fixture.random)
        #expect(other.digest(secret.expose()) == nil && one.digest(secret) != other.digest(secret))
      }
    }
  }

  @Test func G8_anUnknownClientIs401() async throws {
    let fixture = try await TokenFixture()
    let answer = await fixture.refresh("mrf_x", client: "gone")
    #expect(answer.status == 401 && answer.error == "invalid_client")
    #expect(answer.header("www-authenticate") == nil)
  }

  @Test func R_25_theFirstRedemptionMarksTheClientAsUsed() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("dyn", origin: .dynamicRegistration)
    #expect(await fixture.redeem("mcd_x", client: "dyn").status == 400)
    #expect(try await fixture.store.client("dyn")?.firstUsedAt == nil)
    _ = try await fixture.login(client: "dyn")
    #expect(try await fixture.store.client("dyn")?.firstUsedAt == fixture.clock.now())
    try await fixture.addClient("ci", .clientSecretPost, grants: [.clientCredentials], secret: "s", servers: ["time"])
    let machine = [("grant_type", "client_credentials"), ("client_id", "ci"), ("client_secret", "s")]
    #expect(await fixture.post(machine).status == 200)
    #expect(try await fixture.store.client("ci")?.firstUsedAt == fixture.clock.now())
  }
}
