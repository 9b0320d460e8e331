@_spi(Verification) import MartletDomain
import MartletTestSupport
import StrictCoding
import Testing

@testable import MartletProxy

struct AuthenticatorTests {
  private let clock = FakeClock()
  private let verifier = ListedTokens([
    "good": ProxyFixture.principal(), "note": ProxyFixture.principal(route: ProxyFixture.notes),
  ])
  private let revocations = RevocationIndex()

  private func authenticator() -> Authenticator {
    Authenticator(verifier: verifier, cache: TokenCache(), revocations: revocations, clock: clock)
  }

  private func reason(
    _ headers: [(name: String, value: String)], query: String = "", with authenticator: Authenticator? = nil
  )
    throws -> String
  {
    let routed = try ProxyFixture().routed(ProxyFixture().incoming(query: query, headers))
    do {
      let authenticator = authenticator ?? self.authenticator()
      _ = try authenticator.authenticate(routed, with: authenticator.credential(of: routed))
      return "accepted"
    } catch {
      return error.reason
    }
  }

  @Test func V_004_nothingButOneGoodBearerTokenIsAccepted() throws {
    #expect(try reason([("authorization", "Bearer good")]) == "accepted")
    #expect(try reason([]) == "no_credential")
    for value in [
      "", "Bearer", "Bearer ", "Bearer bad", "good", "Basic Z29vZDo=", "Token good", "Bearer good good", "Bearer good,",
      "Bearer\tgood",
      "Bearer \"good\"", "DPoP good", "Bearer good=x y", "Bearer: good",
    ] {
      let answer = try reason([("authorization", value)])
      #expect(answer != "accepted" && answer != "no_credential" || value.isEmpty, "\(value): \(answer)")
    }
    #expect(try reason([("authorization", "Bearer good"), ("authorization", "Bearer good")]) == "malformed_credential")
    #expect(try reason([("proxy-authorization", "Bearer good")]) == "no_credential")
  }

  @Test(arguments: ["good good", "good,", "g=ood", "\"good\"", "=", "göd"])
  func V_004_whatIsNoTokenIsntVerified(text: String) throws {
    let verifier = ListedTokens([ByteString(text): ProxyFixture.principal()])
    let authenticator = Authenticator(
      verifier: verifier, cache: TokenCache(), revocations: revocations, clock: clock)
    for _ in 0..<2 {
      #expect(
        try reason([("authorization", "Bearer \(text)")], with: authenticator) == "malformed_credential")
    }
    #expect(verifier.count == 0)
  }

  @Test func N_22_aTokenInTheQueryIsRefusedEvenBesideAGoodOne() throws {
    for query in ["access_token=good", "a=b&access_token=x", "access_token", "access_token=&x=y"] {
      #expect(try reason([("authorization", "Bearer good")], query: query) == "malformed_credential", "\(query)")
    }
    #expect(try reason([("authorization", "Bearer good")], query: "my_access_token=x&b=access_token") == "accepted")
  }

  @Test func V_019_aTokenOfAnotherRouteIsRefusedEachTime() throws {
    let authenticator = authenticator()
    for _ in 0..<3 {
      #expect(try reason([("authorization", "Bearer note")], with: authenticator) == "invalid_token:wrong_audience")
    }
  }

  @Test func aTokenIsVerifiedOnce() throws {
    let authenticator = authenticator()
    for _ in 0..<5 { #expect(try reason([("authorization", "Bearer good")], with: authenticator) == "accepted") }
    #expect(verifier.count == 1)
    clock.advance(by: .seconds(3600))
    #expect(try reason([("authorization", "Bearer good")], with: authenticator) == "invalid_token:expired")
  }

  @Test func V_041_aRememberedTokenIsRevokedLikeAnyOther() throws {
    let authenticator = authenticator()
    #expect(try reason([("authorization", "Bearer good")], with: authenticator) == "accepted")
    let now = clock.now()
    revocations.apply(Revocation(target: .grant("grant-1"), issuedUntil: now, expiresAt: now + .seconds(3600)))
    #expect(try reason([("authorization", "Bearer good")], with: authenticator) == "invalid_token:revoked")
  }

  @Test func aTokenOfATenantThatTheRouteLeftOutIsRefused() throws {
    let fixture = try ProxyFixture()
    let route = UpstreamRoute(
      resource: ProtectedRoute(id: ProxyFixture.time, displayName: "time", tenants: ["acme"]), instances: [],
      pinnedRevision: nil)
    let routed = RoutedRequest(
      incoming: fixture.incoming([("authorization", "Bearer good")]), route: route, settings: fixture.settings)
    let authenticator = authenticator()
    let credential = try authenticator.credential(of: routed)
    #expect(throws: Rejection.self) { try authenticator.authenticate(routed, with: credential) }
  }
}

extension ProxyFixture {
  fileprivate func incoming(_ headers: [(name: String, value: String)]) -> IncomingRequest {
    incoming("POST", "/time/mcp", headers)
  }
}
