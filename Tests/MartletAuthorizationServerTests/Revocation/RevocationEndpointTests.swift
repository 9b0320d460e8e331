import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct RevocationEndpointTests {
  private static func revoke(
    _ token: String, client: String = "app", _ fixture: TokenFixture, extra: [(String, String)] = []
  ) async -> Answer {
    let request = TokenFixture.request([("token", token), ("client_id", client)] + extra, path: "/revoke")
    return Answer(response: await fixture.revocation.revoke(request))
  }

  @Test func N_14_aRefreshTokenTakesItsGrantAlong() async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    let bystander = try await fixture.login()
    #expect(await Self.revoke(login.refreshToken, fixture).status == 200)
    #expect(await fixture.refresh(login.refreshToken).error == "invalid_grant")
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(login.accessToken) }
    #expect(throws: Never.self) { try fixture.verify(bystander.accessToken) }
    #expect(fixture.audit.actions.contains(.tokenRevoked))
  }

  @Test func N_14_anAccessTokenGoesAlone() async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    #expect(
      await Self.revoke(login.accessToken.string, fixture, extra: [("token_type_hint", "refresh_token")]).status == 200)
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(login.accessToken) }
    let next = await fixture.refresh(login.refreshToken)
    #expect(next.status == 200)
    #expect(throws: Never.self) { try fixture.verify(next.accessToken) }
  }

  @Test func V_050f_anotherClientsTokenIsLeftAloneAndLooksTheSame() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("other")
    let login = try await fixture.login()
    let unknown = await Self.revoke("mrf_unknown", client: "other", fixture)
    for token in [login.refreshToken, login.accessToken.string, "junk", "a.b.c"] {
      let answer = await Self.revoke(token, client: "other", fixture)
      #expect(answer.status == 200 && answer.body == unknown.body)
    }
    #expect(throws: Never.self) { try fixture.verify(login.accessToken) }
    #expect(await fixture.refresh(login.refreshToken).status == 200)
  }

  @Test func N_14_theClientMustBeKnownAndTheTokenThere() async throws {
    let fixture = try await TokenFixture()
    #expect(await Self.revoke("x", client: "nobody", fixture).status == 401)
    #expect(await Self.revoke("", fixture).error == "invalid_request")
    fixture.store.fail(with: .unavailable("x"))
    #expect(await Self.revoke("mrf_x", fixture).status == 503)
  }

  @Test func N_14_anotherProcessLearnsFromTheTable() async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    _ = await Self.revoke(login.refreshToken, fixture)
    let elsewhere = RevocationIndex()
    let verifier = AccessTokenVerifier(
      settings: { [settings = fixture.settings] in settings.current }, keys: fixture.keys, revocations: elsewhere)
    #expect(throws: Never.self) {
      try verifier.verify(login.accessToken, for: TokenFixture.time, at: fixture.clock.now())
    }
    elsewhere.apply(try await fixture.store.revocations(after: elsewhere.sequence, at: fixture.clock.now()))
    #expect(throws: AccessTokenRejection.revoked) {
      try verifier.verify(login.accessToken, for: TokenFixture.time, at: fixture.clock.now())
    }
  }

  @Test func A_06_withoutARecordNothingIsRevoked() async throws {
    let fixture = try await TokenFixture()
    let login = try await fixture.login()
    fixture.audit.fail(with: .unavailable("full"))
    #expect(await Self.revoke(login.refreshToken, fixture).status == 503)
    fixture.audit.fail(with: nil)
    #expect(await fixture.refresh(login.refreshToken).status == 200)
  }

  @Test func aUsersTokensEndAndLaterOnesStand() async throws {
    let fixture = try await TokenFixture()
    let before = try await fixture.login()
    let event = AuditEvent(at: fixture.clock.now(), action: .tokenRevoked)
    let ended = try await fixture.revoker.revoke(.user(.default, "ann"), event: event)
    #expect(ended.count == 1)
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(before.accessToken) }
    fixture.clock.advance(by: .milliseconds(1))
    let after = try await fixture.login()
    #expect(throws: Never.self) { try fixture.verify(after.accessToken) }
    #expect(try await fixture.revoker.revoke(.client("app"), event: event).count == 1)
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(after.accessToken) }
  }

  @Test func theRowOutlivesEveryTokenItCoversWhateverTheConfigurationSaysLater() async throws {
    let fixture = try await TokenFixture()
    fixture.settings.change { $0.tokens.accessLifetime = .seconds(8 * 3600) }
    let login = try await fixture.login()
    fixture.settings.change { $0.tokens.accessLifetime = .seconds(300) }
    try await fixture.revoker.revoke(
      .user(.default, "ann"), event: AuditEvent(at: fixture.clock.now(), action: .tokenRevoked))
    fixture.clock.advance(by: .seconds(7 * 3600))
    fixture.index.removeExpired(at: fixture.clock.now())
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(login.accessToken) }
  }
}
