import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletIdentity

/// Each row is an ID token that must not log anybody in (N-20).
struct IDTokenTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    var claims: [String: JSONValue?] = [:]
    var rewrite: (@Sendable (String) -> String)?
    var usesUnpublishedKey = false
    let reason: String
    var testDescription: String { name }
  }

  static let now: Int64 = 1_800_000_000

  static let rows: [Row] = [
    Row(name: "other iss", claims: ["iss": "https://evil.example"], reason: "id_token_issuer"),
    Row(name: "iss with slash", claims: ["iss": "https://id.example/"], reason: "id_token_issuer"),
    Row(name: "iss prefix", claims: ["iss": "https://id.example.evil.example"], reason: "id_token_issuer"),
    Row(name: "no iss", claims: ["iss": .some(nil)], reason: "id_token_issuer"),
    Row(name: "iss not text", claims: ["iss": 1], reason: "id_token_issuer"),
    Row(name: "other aud", claims: ["aud": "other"], reason: "id_token_audience"),
    Row(name: "aud prefix", claims: ["aud": "martlet2"], reason: "id_token_audience"),
    Row(name: "no aud", claims: ["aud": .some(nil)], reason: "id_token_audience"),
    Row(name: "empty aud", claims: ["aud": []], reason: "id_token_audience"),
    Row(name: "aud with junk", claims: ["aud": ["martlet", 1]], reason: "id_token_audience"),
    Row(name: "several aud, no azp", claims: ["aud": ["martlet", "other"]], reason: "id_token_azp"),
    Row(name: "other azp", claims: ["azp": "other"], reason: "id_token_azp"),
    Row(
      name: "several aud, other azp", claims: ["aud": ["martlet", "other"], "azp": "other"], reason: "id_token_azp"),
    Row(name: "expired", claims: ["exp": .integer(now - 61)], reason: "id_token_expired"),
    Row(name: "no exp", claims: ["exp": .some(nil)], reason: "id_token_exp"),
    Row(name: "exp as text", claims: ["exp": "1900000000"], reason: "id_token_exp"),
    Row(name: "exp negative", claims: ["exp": -1], reason: "id_token_exp"),
    Row(name: "no iat", claims: ["iat": .some(nil)], reason: "id_token_iat"),
    Row(name: "iat in the future", claims: ["iat": .integer(now + 120)], reason: "id_token_not_yet_valid"),
    Row(name: "nbf in the future", claims: ["nbf": .integer(now + 120)], reason: "id_token_not_yet_valid"),
    Row(name: "no nonce", claims: ["nonce": .some(nil)], reason: "id_token_nonce"),
    Row(name: "other nonce", claims: ["nonce": "AAAAAAAAAAAAAAAAAAAAAA"], reason: "id_token_nonce"),
    Row(name: "empty nonce", claims: ["nonce": ""], reason: "id_token_nonce"),
    Row(name: "no sub", claims: ["sub": .some(nil)], reason: "id_token_sub"),
    Row(name: "empty sub", claims: ["sub": ""], reason: "id_token_sub"),
    Row(name: "long sub", claims: ["sub": .string(String(repeating: "s", count: 256))], reason: "id_token_sub"),
    Row(name: "sub not text", claims: ["sub": 42], reason: "id_token_sub"),
    Row(name: "unpublished key", usesUnpublishedKey: true, reason: "id_token_signature"),
    Row(name: "alg none", rewrite: { Self.header(#"{"alg":"none"}"#, $0) }, reason: "id_token_malformed"),
    Row(
      name: "no signature", rewrite: { $0.split(separator: ".").prefix(2).joined(separator: ".") + "." },
      reason: "id_token_malformed"),
    Row(name: "HMAC", rewrite: { Self.header(#"{"alg":"HS256","kid":"k1"}"#, $0) }, reason: "id_token_malformed"),
    Row(
      name: "alg not listed", rewrite: { Self.header(#"{"alg":"RS256","kid":"k1"}"#, $0) }, reason: "id_token_algorithm"
    ),
    Row(name: "unknown kid", rewrite: { Self.header(#"{"alg":"ES256","kid":"k2"}"#, $0) }, reason: "id_token_key"),
    Row(
      name: "jku", rewrite: { Self.header(#"{"alg":"ES256","jku":"https://evil.example/"}"#, $0) },
      reason: "id_token_malformed"),
    Row(name: "crit", rewrite: { Self.header(#"{"alg":"ES256","crit":["x"]}"#, $0) }, reason: "id_token_malformed"),
    Row(name: "not a token", rewrite: { _ in "nonsense" }, reason: "id_token_malformed"),
  ]

  static func header(_ header: String, _ token: String) -> String {
    ([Base64URL.encode(header.utf8)] + token.split(separator: ".").dropFirst().map(String.init)).joined(separator: ".")
  }

  @Test(arguments: rows)
  func N_20_aWrongTokenLogsNobodyIn(_ row: Row) async throws {
    let fixture = try await LoginFixture()
    let provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    let endpoint = fixture.endpoint(["corp": LoginFixture.settings(provider)], network: FakeNetwork(provider))
    provider.behave {
      $0.claims = row.claims
      $0.rewritesIDToken = row.rewrite
      $0.signsWithUnpublishedKey = row.usesUnpublishedKey
    }
    let browser = FakeBrowser()
    let response = try await browser.logIn(endpoint, at: "corp", provider, as: "sub-1")
    #expect(response.status == 403)
    #expect(browser.session == nil)
    #expect(fixture.audit.events.last?.reason == row.reason)
    #expect(try await fixture.store.users().count == 1)
  }

  @Test func N_20_aRightTokenDoes() async throws {
    let fixture = try await LoginFixture()
    let provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    let endpoint = fixture.endpoint(["corp": LoginFixture.settings(provider)], network: FakeNetwork(provider))
    for claims in [[:], ["aud": ["martlet"]], ["aud": ["martlet", "other"], "azp": "martlet"], ["azp": "martlet"]]
      as [[String: JSONValue?]]
    {
      provider.behave { $0.claims = claims }
      #expect(try await FakeBrowser().logIn(endpoint, at: "corp", provider, as: "sub-1").location == "/account")
    }
    #expect(try await fixture.store.users().count == 2)
  }

  @Test func N_20_onlyAllowedAlgorithms() async throws {
    let fixture = try await LoginFixture()
    let provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
    var settings = LoginFixture.settings(provider)
    settings.allowedAlgorithms = [.rs256]
    let endpoint = fixture.endpoint(["corp": settings], network: FakeNetwork(provider))
    #expect(try await FakeBrowser().logIn(endpoint, at: "corp", provider, as: "sub-1").status == 403)
    #expect(fixture.audit.events.last?.reason == "id_token_algorithm")
  }

  @Test func N_20_theDiscoveredIssuerIsExact() async throws {
    for issuer in ["https://id.example/", "https://ID.example", "https://evil.example"] {
      let fixture = try await LoginFixture()
      let provider = FakeIdentityProvider(origin: "https://id.example", clock: fixture.clock)
      provider.behave { $0.metadata["issuer"] = .string(issuer) }
      let endpoint = fixture.endpoint(["corp": LoginFixture.settings(provider)], network: FakeNetwork(provider))
      let browser = FakeBrowser()
      let page = await browser.show(endpoint).loginPage
      let response = await browser.leave(endpoint, for: "corp", page)
      #expect(response.status == 403)
      #expect(response.location == nil)
      #expect(fixture.audit.events.last?.reason == "discovery_issuer")
    }
  }
}
