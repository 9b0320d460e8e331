import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct AccessTokenVerifierTests {
  private static func forge(_ fixture: TokenFixture) throws -> ForgedTokens {
    let now = fixture.clock.now()
    let key = try fixture.keys.signer(for: .accessToken, at: now)
    let other = try fixture.keys.signer(for: .assertion, at: now)
    return ForgedTokens(key: key.privateKey, kid: key.record.id, otherKid: other.record.id, now: now.seconds)
  }

  @Test func V_056_noneOfTheTableIsAccepted() async throws {
    let fixture = try await TokenFixture()
    let forge = try Self.forge(fixture)
    // The base of the table is good: a row fails for its one change only.
    #expect(throws: Never.self) { try fixture.verify(ByteString(try forge.token())) }
    let table = try forge.all()
    #expect(table.count >= 200)
    for row in table {
      #expect(throws: AccessTokenRejection.self, "\(row.name)") { try fixture.verify(row.token) }
      // Asked without a route, a good token for the other one is all that may come out.
      let principal = try? fixture.accessTokens.verify(row.token, at: fixture.clock.now())
      #expect(principal == nil || principal?.route == TokenFixture.mail, "\(row.name)")
    }
  }

  @Test func V_056_whatMayDifferDoesNotMatter() async throws {
    let fixture = try await TokenFixture()
    let forge = try Self.forge(fixture)
    let good = [
      try forge.token(claims: { $0["aud"] = ["https://gw.example/time/mcp"] }),
      try forge.token(claims: { $0["unknown"] = ["x": 1] }), try forge.token(claims: { $0["grant"] = nil }),
      try forge.token(claims: { $0["exp"] = .integer(forge.now + 1) }),
      try forge.token(claims: { claims in
        claims["iat"] = .integer(forge.now + 60)
        claims["mrt_iat"] = .integer((forge.now + 60) * 1000)
      }),
    ]
    for token in good { #expect(throws: Never.self) { try fixture.verify(ByteString(token)) } }
  }

  @Test func V_056_theKeyOfAssertionsSignsNoAccessToken() async throws {
    let fixture = try await TokenFixture()
    let now = fixture.clock.now()
    let other = try fixture.keys.signer(for: .assertion, at: now)
    let forge = ForgedTokens(
      key: other.privateKey, kid: other.record.id, otherKid: other.record.id, now: now.seconds)
    #expect(throws: AccessTokenRejection.unknownKey) { try fixture.verify(ByteString(try forge.token())) }
  }

  @Test func reasonsAreStable() async throws {
    let fixture = try await TokenFixture()
    let forge = try Self.forge(fixture)
    let rows: [(AccessTokenRejection, String)] = [
      (.malformed, "x"), (.wrongAlgorithm, try forge.token(header: { $0["alg"] = "none" })),
      (.wrongAlgorithm, try forge.token(header: { $0["alg"] = "RS256" })),
      (.wrongType, try forge.token(header: { $0["typ"] = "JWT" })),
      (.unknownKey, try forge.token(header: { $0["kid"] = "x" })),
      (.badSignature, String(try forge.token().dropLast(8)) + "AAAAAAAA"),
      (.wrongIssuer, try forge.token(claims: { $0["iss"] = "https://x.example" })),
      (.wrongAudience, try forge.token(claims: { $0["aud"] = "https://x.example" })),
      (.expired, try forge.token(claims: { $0["exp"] = .integer(forge.now - 5) })),
      (.badClaims, try forge.token(claims: { $0["jti"] = nil })),
    ]
    for (reason, token) in rows { #expect(throws: reason) { try fixture.verify(ByteString(token)) } }
    #expect(Set(AccessTokenRejection.allCases.map(\.rawValue)).count == AccessTokenRejection.allCases.count)
  }

  @Test func V_019_aTokenEndsWhenItsRouteNoLongerAdmitsItsTenant() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().accessToken
    fixture.settings.change { settings in
      settings.routes = RouteDirectory(
        origin: settings.routes.origin,
        routes: [ProtectedRoute(id: TokenFixture.time, displayName: "time", tenants: ["acme"])])
    }
    #expect(throws: AccessTokenRejection.routeNotAdmitted) { try fixture.verify(token) }
  }

  @Test func expiryIsToTheSecond() async throws {
    let fixture = try await TokenFixture()
    let token = try await fixture.login().accessToken
    fixture.clock.advance(by: .seconds(3599) + .milliseconds(999))
    #expect(throws: Never.self) { try fixture.verify(token) }
    fixture.clock.advance(by: .milliseconds(1))
    #expect(throws: AccessTokenRejection.expired) { try fixture.verify(token) }
  }

  /// Mutated real tokens never trap and never pass.
  @Test func V_056_seededMutationsNeverPassAndNeverTrap() async throws {
    let fixture = try await TokenFixture(seed: 56)
    let token = try await fixture.login().accessToken.bytes
    for _ in 0..<5_000 {
      var bytes = token
      for _ in 0...(fixture.random.next() % 3) {
        let index = Int(fixture.random.next() % UInt64(bytes.count))
        switch fixture.random.next() % 3 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: fixture.random.next())
        case 1: bytes.remove(at: index)
        default: bytes.insert(UInt8(truncatingIfNeeded: fixture.random.next()), at: index)
        }
      }
      guard bytes != token else { continue }
      #expect(throws: AccessTokenRejection.self) { try fixture.verify(ByteString(bytes)) }
    }
  }
}
