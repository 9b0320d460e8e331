import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct IntrospectionEndpointTests {
  private static func introspect(
    _ token: String, client: String = "rs", secret: String? = "s3cret", _ fixture: TokenFixture
  ) async -> Answer {
    let credentials = [("client_id", client)] + (secret.map { [("client_secret", $0)] } ?? [])
    let request = TokenFixture.request([("token", token)] + credentials, path: "/introspect")
    return Answer(response: await fixture.introspection.introspect(request))
  }

  private static func fixture() async throws -> TokenFixture {
    let fixture = try await TokenFixture()
    try await fixture.addClient("rs", .clientSecretPost, secret: "s3cret", servers: ["time"])
    try await fixture.addClient("any", .clientSecretPost, secret: "s3cret")
    return fixture
  }

  @Test func N_15_aServersClientSeesTokensForItsServer() async throws {
    let fixture = try await Self.fixture()
    let login = try await fixture.login()
    let answer = await Self.introspect(login.accessToken.string, fixture)
    #expect(answer.status == 200 && answer.header("cache-control") == "no-store")
    #expect(answer.json["active"]?.boolValue == true)
    #expect(answer.json["sub"]?.stringValue == "ann")
    #expect(answer.json["client_id"]?.stringValue == "app")
    #expect(answer.json["aud"]?.stringValue == "https://gw.example/time/mcp")
    #expect(answer.json["exp"]?.int64Value == fixture.clock.now().seconds + 3600)
  }

  @Test func N_15_everythingElseLooksLikeATokenThatDoesNotExist() async throws {
    let fixture = try await Self.fixture()
    let time = try await fixture.login()
    let mail = try await fixture.login(route: TokenFixture.mail)
    let revoked = try await fixture.login()
    try await fixture.revoker.revoke(
      .accessToken(try fixture.verify(revoked.accessToken).credentialID),
      event: AuditEvent(at: fixture.clock.now(), action: .tokenRevoked))
    let inactive = Array(#"{"active":false}"#.utf8)
    let rows: [(String, String)] = [
      ("rs", mail.accessToken.string), ("rs", time.refreshToken), ("rs", "junk"), ("rs", "mrf_junk"),
      ("rs", revoked.accessToken.string), ("any", time.accessToken.string), ("any", mail.accessToken.string),
    ]
    for (client, token) in rows {
      let answer = await Self.introspect(token, client: client, fixture)
      #expect(answer.status == 200 && answer.body == inactive, "\(client)")
    }
    fixture.clock.advance(by: .seconds(3606))
    #expect(await Self.introspect(time.accessToken.string, fixture).body == inactive)
  }

  @Test func N_15_aClientSeesItsOwnTokens() async throws {
    let fixture = try await Self.fixture()
    let secret = [("client_secret", "s3cret")]
    let answer = await fixture.redeem(try await fixture.code(for: "any"), client: "any", extra: secret)
    let access = await Self.introspect(answer.accessToken.string, client: "any", fixture)
    #expect(access.json["active"]?.boolValue == true)
    let refresh = await Self.introspect(answer.refreshToken, client: "any", fixture)
    #expect(refresh.json["active"]?.boolValue == true && refresh.json["token_type"]?.stringValue == "refresh_token")
    _ = await fixture.refresh(answer.refreshToken, client: "any", extra: secret)
    #expect(await Self.introspect(answer.refreshToken, client: "any", fixture).json["active"]?.boolValue == false)
  }

  @Test func N_15_theCallerMustProveItself() async throws {
    let fixture = try await Self.fixture()
    let login = try await fixture.login()
    #expect(await Self.introspect(login.accessToken.string, client: "app", secret: nil, fixture).status == 401)
    #expect(await Self.introspect(login.accessToken.string, secret: "wrong", fixture).status == 401)
    #expect(await Self.introspect(login.accessToken.string, secret: nil, fixture).status == 401)
  }
}
