import Crypto
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

@Suite struct ClientAuthenticationTests {
  private static let key = P256.Signing.PrivateKey()
  private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

  private static func assertion(
    _ fixture: TokenFixture, key: P256.Signing.PrivateKey = key, client: String = "jwt",
    change: (inout JSONObject) -> Void = { _ in }
  ) throws -> String {
    var claims: JSONObject = [
      "iss": .string(client), "sub": .string(client), "aud": "https://gw.example/token",
      "jti": .string(Base64URL.encode(fixture.random.bytes(12))), "iat": .integer(fixture.clock.now().seconds),
      "exp": .integer(fixture.clock.now().seconds + 300),
    ]
    change(&claims)
    return try JWTSigner(key: key, keyID: "k1", type: "JWT").sign(claims)
  }

  private static func keySet(_ key: P256.Signing.PrivateKey = key) -> JSONWebKeySet {
    JSONWebKeySet([JSONWebKey(p256: key.publicKey, keyID: "k1")])
  }

  private static func addAll(to fixture: TokenFixture) async throws {
    try await fixture.addClient("none")
    try await fixture.addClient("basic", .clientSecretBasic, secret: "pass word+%")
    try await fixture.addClient("post", .clientSecretPost, secret: "pass word+%")
    try await fixture.addClient("jwt", .privateKeyJWT, keySet: JSONWriter.write(keySet().json()))
  }

  private static func credentials(
    _ method: ClientAuthenticationMethod, for client: String, _ fixture: TokenFixture
  ) throws -> (form: [(String, String)], headers: [(name: String, value: String)]) {
    switch method {
    case .none: ([("client_id", client)], [])
    case .clientSecretBasic: ([], [TokenFixture.basic(client, "pass word+%")])
    case .clientSecretPost: ([("client_id", client), ("client_secret", "pass word+%")], [])
    case .privateKeyJWT:
      (
        [("client_assertion_type", assertionType), ("client_assertion", try assertion(fixture, client: client))], []
      )
    }
  }

  /// Every client with every method: only the registered one opens.
  @Test func V_050j_N_10_onlyTheRegisteredMethodIsAccepted() async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    let registered: [(String, ClientAuthenticationMethod)] = [
      ("none", .none), ("basic", .clientSecretBasic), ("post", .clientSecretPost), ("jwt", .privateKeyJWT),
    ]
    for (client, method) in registered {
      for presented in ClientAuthenticationMethod.allCases {
        let credentials = try Self.credentials(presented, for: client, fixture)
        let code = try await fixture.code(for: ClientID(client))
        let parameters = [
          ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", TokenFixture.redirect),
          ("code_verifier", TokenFixture.verifier),
        ]
        let answer = await fixture.post(parameters + credentials.form, headers: credentials.headers)
        #expect((answer.status == 200) == (presented == method), "\(client) by \(presented): \(answer.json)")
        if presented != method {
          #expect(answer.status == 401 && answer.error == "invalid_client")
          #expect((answer.header("www-authenticate") != nil) == (presented == .clientSecretBasic))
        }
      }
    }
  }

  @Test func bothReadingsOfBasicCredentialsAreAccepted() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("https://app.example/id", .clientSecretBasic, secret: "a+b%2F c")
    for header in [
      TokenFixture.basic("https%3A%2F%2Fapp.example%2Fid", "a%2Bb%252F+c"),
      TokenFixture.basic("https%3A%2F%2Fapp.example%2Fid", "a%2Bb%252F%20c"),
    ] {
      let answer = await fixture.post([("grant_type", "x")], headers: [header])
      #expect(answer.error == "unsupported_grant_type")
    }
    try await fixture.addClient("plain", .clientSecretBasic, secret: "a+b%2Fc")
    #expect(
      await fixture.post([("grant_type", "x")], headers: [TokenFixture.basic("plain", "a+b%2Fc")]).error
        == "unsupported_grant_type")
    #expect(
      await fixture.post(
        [("grant_type", "x"), ("client_id", "other")], headers: [TokenFixture.basic("plain", "a+b%2Fc")]
      )
      .status == 401)
  }

  @Test func N_16_anUnknownClientLooksLikeAWrongSecret() async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    let unknown = await fixture.post([("client_id", "nobody"), ("client_secret", "x"), ("grant_type", "x")])
    let wrong = await fixture.post([("client_id", "post"), ("client_secret", "x"), ("grant_type", "x")])
    #expect(unknown.status == 401 && unknown.body == wrong.body)
  }

  @Test func methodsCanNotBeCombined() async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    let basic = TokenFixture.basic("basic", "pass word+%")
    for form in [
      [("client_secret", "pass word+%"), ("client_id", "basic")], [("client_assertion", try Self.assertion(fixture))],
    ] {
      let answer = await fixture.post(form + [("grant_type", "x")], headers: [basic])
      #expect(answer.status == 400 && answer.error == "invalid_request")
    }
    #expect(await fixture.post([("grant_type", "x")], headers: [basic, basic]).error == "invalid_request")
    #expect(
      await fixture.post([("grant_type", "x")], headers: [(name: "authorization", value: "Bearer abc")]).error
        == "invalid_request")
    #expect(await fixture.post([("grant_type", "x")]).error == "invalid_client")
  }

  @Test func T7_anOutageOfTheDirectoryIsNotInvalidClient() async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    fixture.store.fail(with: .unavailable("locked"))
    for method in ClientAuthenticationMethod.allCases {
      let credentials = try Self.credentials(method, for: "jwt", fixture)
      let answer = await fixture.post(credentials.form + [("grant_type", "x")], headers: credentials.headers)
      #expect(answer.status == 503 && answer.error == "temporarily_unavailable")
    }
  }

  struct AssertionCase: Sendable, CustomTestStringConvertible {
    let name: String
    let isGood: Bool
    let change: @Sendable (inout JSONObject, Int64) -> Void
    var testDescription: String { name }
  }

  static let assertionCases: [AssertionCase] = [
    .init(name: "as is", isGood: true) { _, _ in },
    .init(name: "aud issuer", isGood: true) { claims, _ in claims["aud"] = "https://gw.example" },
    .init(name: "aud list", isGood: true) { claims, _ in claims["aud"] = ["https://x.example", "https://gw.example"] },
    .init(name: "an hour", isGood: true) { claims, now in claims["exp"] = .integer(now + 3600) },
    .init(name: "aud elsewhere", isGood: false) { claims, _ in claims["aud"] = "https://gw.example.evil" },
    .init(name: "aud missing", isGood: false) { claims, _ in claims["aud"] = nil },
    .init(name: "aud prefix", isGood: false) { claims, _ in claims["aud"] = "https://gw.example/tok" },
    .init(name: "iss other", isGood: false) { claims, _ in claims["iss"] = "post" },
    .init(name: "iss missing", isGood: false) { claims, _ in claims["iss"] = nil },
    .init(name: "sub missing", isGood: false) { claims, _ in claims["sub"] = nil },
    .init(name: "sub other", isGood: false) { claims, _ in claims["sub"] = "post" },
    .init(name: "expired", isGood: false) { claims, now in claims["exp"] = .integer(now - 61) },
    .init(name: "no exp", isGood: false) { claims, _ in claims["exp"] = nil },
    .init(name: "exp text", isGood: false) { claims, now in claims["exp"] = .string("\(now + 300)") },
    .init(name: "exp huge", isGood: false) { claims, _ in claims["exp"] = .integer(.max) },
    .init(name: "two hours", isGood: false) { claims, now in claims["exp"] = .integer(now + 7200) },
    .init(name: "iat ahead", isGood: false) { claims, now in claims["iat"] = .integer(now + 120) },
    .init(name: "nbf ahead", isGood: false) { claims, now in claims["nbf"] = .integer(now + 120) },
    .init(name: "no jti", isGood: false) { claims, _ in claims["jti"] = nil },
    .init(name: "jti long", isGood: false) { claims, _ in claims["jti"] = .string(String(repeating: "x", count: 600)) },
  ]

  @Test(arguments: assertionCases) func N_10_assertionTable(_ row: AssertionCase) async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    let now = fixture.clock.now().seconds
    let assertion = try Self.assertion(fixture) { row.change(&$0, now) }
    let answer = await Self.present(assertion, to: fixture)
    #expect((answer.error == "unsupported_grant_type") == row.isGood, "\(answer.json)")
    if !row.isGood { #expect(answer.status == 401 && answer.error == "invalid_client") }
  }

  private static func present(_ assertion: String, to fixture: TokenFixture) async -> Answer {
    await fixture.post([
      ("grant_type", "x"), ("client_assertion_type", assertionType), ("client_assertion", assertion),
    ])
  }

  @Test func N_10_anAssertionWorksOnceAndOnlyWithTheClientsKey() async throws {
    let fixture = try await TokenFixture()
    try await Self.addAll(to: fixture)
    let assertion = try Self.assertion(fixture)
    #expect(await Self.present(assertion, to: fixture).error == "unsupported_grant_type")
    #expect(await Self.present(assertion, to: fixture).error == "invalid_client")
    let forged = try Self.assertion(fixture, key: P256.Signing.PrivateKey())
    #expect(await Self.present(forged, to: fixture).error == "invalid_client")
    let named = await fixture.post([
      ("grant_type", "x"), ("client_id", "post"), ("client_assertion_type", Self.assertionType),
      ("client_assertion", try Self.assertion(fixture)),
    ])
    #expect(named.error == "invalid_client")
    let untyped = await fixture.post([("grant_type", "x"), ("client_assertion", try Self.assertion(fixture))])
    #expect(untyped.error == "invalid_request")
  }

  @Test func T7_publishedKeysAndTheirOutage() async throws {
    let fixture = try await TokenFixture()
    try await fixture.addClient("jwt", .privateKeyJWT, keySetURI: "https://client.example/jwks")
    #expect(await Self.present(try Self.assertion(fixture), to: fixture).error == "invalid_client")
    fixture.clientKeys.publish(nil)
    #expect(await Self.present(try Self.assertion(fixture), to: fixture).status == 503)
    fixture.clientKeys.publish(Self.keySet().keys)
    #expect(await Self.present(try Self.assertion(fixture), to: fixture).error == "unsupported_grant_type")
  }
}
