@_spi(Verification) import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct AssertionSignerTests {
  private static func signer(_ fixture: TokenFixture, capacity: Int = 100) -> AssertionSigner {
    AssertionSigner(
      settings: { [settings = fixture.settings] in settings.current }, keys: fixture.keys, random: fixture.random,
      capacity: capacity)
  }

  private static func principal(
    tenant: TenantID = .default, subject: ByteString = "ann", client: ClientID = "app", at now: Timestamp
  ) -> Principal {
    Principal(
      tenant: tenant, issuer: "https://gw.example", subject: subject, client: client, route: TokenFixture.time,
      scope: ["mcp"], grant: nil, flow: nil, credentialID: "j", issuedAt: now, expiresAt: now + .seconds(3600))
  }

  @Test func theUpstreamLearnsWhoCallsAndNothingElse() async throws {
    let fixture = try await TokenFixture()
    let now = fixture.clock.now()
    let text = try Self.signer(fixture).assertion(
      for: Self.principal(at: now), upstream: "http://127.0.0.1:9/mcp", at: now)
    let token = try JSONWebSignature(compact: text)
    #expect(token.type == "martlet-assertion+jwt")
    let jwks = try JSONWebKeySet(parsing: Answer(response: fixture.keys.jwks()).body)
    #expect(jwks.candidates(for: token).contains { ES256.verify(token, key: $0) })
    #expect(token.claims.audience == ["http://127.0.0.1:9/mcp"] && token.claims.subject == "ann")
    #expect(token.claims.string("tenant") == "default" && token.claims.string("client_id") == "app")
    #expect(try token.claims.date("exp") == now.seconds + 60)
    #expect(Set(token.claims.object.keys) == ["iss", "aud", "sub", "tenant", "client_id", "iat", "exp", "jti"])
    // It isn't one of our access tokens: another key, another type.
    #expect(throws: AccessTokenRejection.self) { try fixture.verify(ByteString(text)) }
  }

  @Test func anAssertionIsSentAgainForHalfItsLife() async throws {
    let fixture = try await TokenFixture()
    let signer = Self.signer(fixture)
    let start = fixture.clock.now()
    let make = { (now: Timestamp) in try signer.assertion(for: Self.principal(at: start), upstream: "http://u", at: now)
    }
    let first = try make(start)
    #expect(try make(start + .seconds(29)) == first)
    #expect(try make(start + .seconds(30)) != first)
  }

  @Test func noTwoCallersShareOne() async throws {
    let fixture = try await TokenFixture()
    let signer = Self.signer(fixture)
    let now = fixture.clock.now()
    var seen: Set<String> = []
    for tenant in ["a", "b"] as [TenantID] {
      for subject in ["ann", "bob"] as [ByteString] {
        for client in ["app", "cli"] as [ClientID] {
          for upstream in ["http://u", "http://v"] {
            let principal = Self.principal(tenant: tenant, subject: subject, client: client, at: now)
            let text = try signer.assertion(for: principal, upstream: upstream, at: now)
            let claims = try JSONWebSignature(compact: text).claims
            #expect(claims.string("tenant") == tenant.string && claims.subject == subject.string)
            #expect(claims.string("client_id") == client.string && claims.audience == [upstream])
            seen.insert(text)
          }
        }
      }
    }
    #expect(seen.count == 16)
  }

  @Test func oneCallersAssertionsAreToldApartByUpstreamAndTime() async throws {
    let fixture = try await TokenFixture()
    let signer = Self.signer(fixture)
    let start = fixture.clock.now()
    let principal = Self.principal(tenant: "a", subject: "ann", client: "app", at: start)
    var seen: Set<String> = []
    for later in [0, 1, 1, 3600] as [Int64] {
      for upstream in ["http://u", "http://v", "http://v", "http://u"] {
        let text = try signer.assertion(for: principal, upstream: upstream, at: start + .seconds(later))
        #expect(try JSONWebSignature(compact: text).claims.audience == [upstream])
        seen.insert(text)
      }
    }
    #expect(seen.count == 4)
  }

  @Test func theCacheIsBounded() {
    var cache = AssertionCache(capacity: 8)
    let now = Timestamp(seconds: 1)
    for number in 0..<1000 {
      let binding = PrincipalBinding(
        tenant: .default, issuer: "i", subject: ByteString("\(number)"), client: "c", route: TokenFixture.time)
      cache.insert(
        "x", for: AssertionCacheKey(tenant: .default, binding: binding, upstream: "u"), freshUntil: now + .seconds(30),
        at: now)
      #expect(cache.count <= 8)
    }
  }
}
