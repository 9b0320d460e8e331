import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct AuthorizationCodeGrantTests {
  @Test func T10_everyAnswerSaysTypeLifetimeAndScope() async throws {
    let fixture = try await TokenFixture()
    let answer = try await fixture.login()
    #expect(answer.json["token_type"]?.stringValue == "Bearer")
    #expect(answer.json["expires_in"]?.int64Value == 3598)
    #expect(answer.json["scope"]?.stringValue == "mcp")
    #expect(answer.header("cache-control") == "no-store")
    #expect(answer.header("pragma") == "no-cache")
    let principal = try fixture.verify(answer.accessToken)
    #expect(principal.subject == "ann" && principal.client == "app" && principal.flow == "flow-1")
    #expect(principal.issuer == "https://gw.example" && principal.grant != nil)
  }

  /// A client that counts from the answer on must be done with its token before Martlet is, whatever part of a second
  /// it was signed in, and however short the life.
  @Test(arguments: [1, 2, 3, 5, 3600], [0, 1, 500, 999] as [Int64])
  func T10_theTokenOutlivesWhatTheClientWasTold(life: Int64, millisecond: Int64) async throws {
    let fixture = try await TokenFixture()
    fixture.settings.change { $0.tokens.accessLifetime = .seconds(life) }
    fixture.clock.advance(by: .milliseconds(1000 - fixture.clock.now().milliseconds % 1000 + millisecond))
    let signed = fixture.clock.now()
    let answer = try await fixture.login()
    let told = try #require(answer.json["expires_in"]?.int64Value)
    let lives = try fixture.verify(answer.accessToken).expiresAt - signed
    #expect(told >= 1 && lives <= .seconds(life) && lives > .seconds(life - 1))
    #expect(life < 3 || lives - .seconds(told) > .seconds(1))
  }

  @Test func T3_aRefreshTokenIsIssuedByPolicyNotByScopeOrRegisteredGrants() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("swift", grants: [.authorizationCode])
    let answer = try await fixture.login(client: "swift")
    #expect(answer.refreshToken.hasPrefix("mrf_"))
    #expect(await fixture.refresh(answer.refreshToken, client: "swift").status == 200)
  }

  /// Every combination of right and wrong; `missing` counts as wrong where the value is needed.
  @Test func V_052_truthTable() async throws {
    let codes = ["right", "wrong", "missing"]
    let clients = ["right", "other"]
    let redirects = ["right", "wrong", "prefix", "missing"]
    let verifiers = ["right", "wrong", "missing"]
    let resources = ["right", "absent", "wrong", "unknown"]
    let fixture = try await TokenFixture()
    try await fixture.addClient("other")
    var rows = 0
    var passed = 0
    for code in codes {
      for client in clients {
        for redirect in redirects {
          for verifier in verifiers {
            for resource in resources {
              let real = try await fixture.code()
              let isRight =
                code == "right" && client == "right" && redirect == "right" && verifier == "right"
                && ["right", "absent"].contains(resource)
              let answer = await Self.present(
                fixture, real, code: code, client: client, redirect: redirect, verifier: verifier, resource: resource)
              rows += 1
              passed += answer.status == 200 ? 1 : 0
              #expect((answer.status == 200) == isRight, "\(code) \(client) \(redirect) \(verifier) \(resource)")
              // Whatever was wrong, nothing was spent or revoked (V-050h, A6).
              if !isRight { #expect(await fixture.redeem(real).status == 200) }
            }
          }
        }
      }
    }
    #expect(rows == 288 && passed == 2)
  }

  private static func present(
    _ fixture: TokenFixture, _ real: String, code: String, client: String, redirect: String, verifier: String,
    resource: String
  ) async -> Answer {
    var parameters = [("grant_type", "authorization_code"), ("client_id", client == "right" ? "app" : "other")]
    switch code {
    case "right": parameters.append(("code", real))
    case "wrong": parameters.append(("code", String(real.dropLast(4)) + "AAAA"))
    default: break
    }
    switch redirect {
    case "right": parameters.append(("redirect_uri", TokenFixture.redirect))
    case "wrong": parameters.append(("redirect_uri", "http://127.0.0.1/other"))
    case "prefix": parameters.append(("redirect_uri", TokenFixture.redirect + "/x"))
    default: break
    }
    switch verifier {
    case "right": parameters.append(("code_verifier", TokenFixture.verifier))
    case "wrong": parameters.append(("code_verifier", TokenFixture.verifier + "x"))
    default: break
    }
    switch resource {
    case "right": parameters.append(("resource", "https://gw.example/time/mcp"))
    case "wrong": parameters.append(("resource", "https://gw.example/mail/mcp"))
    case "unknown": parameters.append(("resource", "https://gw.example/none/mcp"))
    default: break
    }
    return await fixture.post(parameters)
  }

  @Test func A6_aWrongVerifierNeitherSpendsNorRevokes() async throws {
    let fixture = try await TokenFixture()
    let code = try await fixture.code()
    let wrong = await fixture.redeem(code, verifier: TokenFixture.verifier + "-wrong")
    #expect(wrong.status == 400 && wrong.error == "invalid_grant")
    #expect(wrong.json["error_description"]?.stringValue?.contains("code_verifier") == true)
    #expect(await fixture.redeem(code).status == 200)
  }

  @Test func N_09_theSecondUseEndsEverythingTheFirstBegan() async throws {
    let fixture = try await TokenFixture()
    let code = try await fixture.code()
    let first = await fixture.redeem(code)
    #expect(throws: Never.self) { try fixture.verify(first.accessToken) }
    let second = await fixture.redeem(code)
    #expect(second.status == 400 && second.error == "invalid_grant")
    #expect(throws: AccessTokenRejection.revoked) { try fixture.verify(first.accessToken) }
    #expect(await fixture.refresh(first.refreshToken).error == "invalid_grant")
    #expect(fixture.audit.actions.contains(.tokenReused))
    // Other processes learn of it from the table.
    #expect(try await fixture.store.revocations(after: 0, at: fixture.clock.now()).count == 1)
  }

  @Test(arguments: ["verifier", "redirect", "client"])
  func V_050g_onlyAFullyMatchingRequestRevokes(_ wrong: String) async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("other")
    let code = try await fixture.code()
    let first = await fixture.redeem(code)
    let second = await fixture.redeem(
      code, client: wrong == "client" ? "other" : "app",
      redirect: wrong == "redirect" ? "http://127.0.0.1/x" : TokenFixture.redirect,
      verifier: wrong == "verifier" ? TokenFixture.verifier + "x" : TokenFixture.verifier)
    #expect(second.error == "invalid_grant")
    #expect(throws: Never.self) { try fixture.verify(first.accessToken) }
    #expect(await fixture.refresh(first.refreshToken).status == 200)
  }

  @Test func N_09_aCodeEndsAfterAMinute() async throws {
    let fixture = try await TokenFixture()
    let code = try await fixture.code()
    fixture.clock.advance(by: .seconds(60))
    #expect(await fixture.redeem(code).error == "invalid_grant")
  }

  @Test func V_019_theTokenIsForExactlyTheGrantedRoute() async throws {
    let fixture = try await TokenFixture()
    let answer = try await fixture.login()
    #expect(throws: AccessTokenRejection.wrongAudience) {
      try fixture.verify(answer.accessToken, for: TokenFixture.mail)
    }
    let spellings = ["https://GW.example/time/mcp", "https://gw.example:443/time/mcp/", "HTTPS://gw.example/time/mcp"]
    for resource in spellings {
      #expect(await fixture.redeem(try await fixture.code(), resource: resource).status == 200, "\(resource)")
    }
    let twice = [("resource", "https://gw.example/time/mcp/")]
    #expect(
      await fixture.redeem(try await fixture.code(), resource: "https://gw.example/time/mcp", extra: twice).status
        == 200)
    for resource in [
      "https://gw.example/TIME/mcp", "https://gw.example:444/time/mcp", "http://gw.example/time/mcp",
      "https://gw.example/time/mcp?x", "https://gw.example/time/mcp#f", "https://gw.example/%74ime/mcp", "time",
      "https://gw.example/mail/../time/mcp", "https://gw.example", "https://gw.example/time/mcp//",
    ] {
      #expect(
        await fixture.redeem(try await fixture.code(), resource: resource).error == "invalid_target", "\(resource)")
    }
    let names = ["https://gw.example/time/mcp", "https://gw.example/mail/mcp"]
    for (first, second) in [(names[0], names[1]), (names[1], names[0])] {
      let two = [("resource", second)]
      let answer = await fixture.redeem(try await fixture.code(), resource: first, extra: two)
      #expect(answer.error == "invalid_target", "a token is for one resource, whichever is named first")
    }
  }

  @Test func T4_scopeNarrowsButNeverWidensNorEmpties() async throws {
    let fixture = try await TokenFixture()
    for (asked, given) in [
      ("mcp", "mcp"), (" offline_access", "offline_access"), ("admin", "mcp offline_access"),
      ("mcp admin", "mcp"), ("", "mcp offline_access"),
    ] {
      let code = try await fixture.code(scope: ["mcp", "offline_access"])
      let answer = await fixture.redeem(code, extra: asked.isEmpty ? [] : [("scope", asked)])
      #expect(answer.json["scope"]?.stringValue == given, "\(asked)")
    }
  }

  @Test func V_025_aTokenOfAnotherDeploymentIsRefused() async throws {
    let one = try await TokenFixture(seed: 1)
    let two = try await TokenFixture(seed: 2, origin: "https://other.example")
    let token = try await one.login().accessToken
    #expect(throws: AccessTokenRejection.unknownKey) { try two.verify(token) }
    // Even one that shares the keys, and so the whole database, has another issuer and audience.
    let same = try await TokenFixture(seed: 1, origin: "https://other.example")
    #expect(throws: AccessTokenRejection.wrongAudience) { try same.verify(token) }
  }
}
