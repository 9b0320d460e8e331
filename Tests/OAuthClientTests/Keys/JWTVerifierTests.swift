import CryptoExtras
import OAuthProtocol
import StrictCoding
import Testing

@testable import OAuthClient

@Suite struct JWTVerifierTests {
  let issuer: TestIssuer
  let clock = StandingClock()
  let metadata: AuthorizationServerMetadata
  let verifier: IDTokenVerifier

  init() throws {
    let issuer = try TestIssuer.shared.get()
    let jwks = try issuer.jwks()
    self.issuer = issuer
    var metadata = AuthorizationServerMetadata(issuer: TestIssuer.issuer)
    metadata.jwksURI = TestIssuer.jwksURL
    metadata.idTokenSigningAlgValuesSupported = [
      "RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "EdDSA", "HS256", "none",
    ]
    self.metadata = metadata
    let keys = JWKSCache(fetcher: ScriptedFetcher { _, _ in .json(jwks) }, clock: clock.closure)
    verifier = IDTokenVerifier(JWTVerifier(keys: keys, clock: clock.closure))
  }

  private func error(
    _ token: String, nonce: String = "n-1", clientID: String = "martlet", metadata: AuthorizationServerMetadata? = nil
  ) async -> JWTError? {
    do {
      _ = try await verifier.verify(token, from: metadata ?? self.metadata, clientID: clientID, nonce: nonce)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("RS256", "rsa"), ("RS384", "rsa"), ("RS512", "rsa"), ("PS256", "rsa"), ("ES256", "ec"), ("EdDSA", "ed"),
  ])
  func N_20_acceptedAlgorithms(alg: String, kid: String) async throws {
    let token = try issuer.token(TestIssuer.claims(now: clock.now), alg: alg, kid: kid)
    let verified = try await verifier.verify(token, from: metadata, clientID: "martlet", nonce: "n-1")
    #expect(verified.issuer == "https://id.example" && verified.subject == "alice")
    let withoutKid = try issuer.token(TestIssuer.claims(now: clock.now), alg: alg, kid: nil)
    #expect(await error(withoutKid) == nil)
  }

  @Test(arguments: [
    ("PS512", "rsa", JWTError.algorithm), ("HS256", "ec", .malformed(.unsupportedAlgorithm)),
    ("none", "ec", .malformed(.unsigned)), ("None", "ec", .malformed(.unsigned)), ("ES256", "rsa", .unknownKey),
    ("RS256", "ec", .unknownKey), ("EdDSA", "ec", .unknownKey), ("ES256", "../../etc/passwd", .unknownKey),
    ("ES384", "ec", .malformed(.unsupportedAlgorithm)), ("es256", "ec", .malformed(.unsupportedAlgorithm)),
  ])
  func V_056_refusedAlgorithmsAndKeys(alg: String, kid: String, expected: JWTError) async throws {
    #expect(await error(try issuer.token(TestIssuer.claims(now: clock.now), alg: alg, kid: kid)) == expected)
  }

  @Test(arguments: ["crit", "jku", "x5u", "jwk", "x5c", "b64", "zip"]) func V_056_forbiddenHeaders(name: String)
    async throws
  {
    let token = try issuer.token(TestIssuer.claims(now: clock.now), header: [name: "https://evil.example/k"])
    #expect(await error(token) == .malformed(.forbiddenHeader(name)))
  }

  @Test func V_056_signatures() async throws {
    let token = try issuer.token(TestIssuer.claims(now: clock.now))
    let parts = token.split(separator: ".").map(String.init)
    let other = try TestIssuer.another.get().token(TestIssuer.claims(now: clock.now))
    #expect(await error(other) == .signature, "another issuer's key under the same kid")
    #expect(
      await error(parts[0] + "." + parts[1] + "." + Base64URL.encode([UInt8](repeating: 0, count: 64))) == .signature)
    #expect(
      await error(parts[0] + "." + parts[1] + "." + Base64URL.encode([UInt8](repeating: 7, count: 63))) == .signature)
    #expect(await error(parts[0] + "." + parts[1] + ".") == .malformed(.structure))
    #expect(await error(token + "=") == .malformed(.encoding))
    #expect(await error(token + ".a.b") == .malformed(.structure))
    #expect(await error(String(repeating: ".", count: 20_000)) == .malformed(.tooLong))
    #expect(await error("") == .malformed(.structure))
    let swapped = Base64URL.encode(
      JSONWriter.write(.object(TestIssuer.claims(now: clock.now, changing: ["sub": "bob"]))))
    #expect(await error(parts[0] + "." + swapped + "." + parts[2]) == .signature)
  }

  @Test func V_056_shortRSAKeysAreNoKeys() async throws {
    let short = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
    let json = JSONValue.object(["keys": [try TestIssuer.rsaJWK(short.publicKey, kid: "rsa")]])
    #expect(try JSONWebKeySet(json: json).keys.isEmpty)
  }

  @Test(
    arguments: [
      (["iss": "https://id.example/"], JWTError.issuer), (["iss": "https://id.example.evil.example"], .issuer),
      (["iss": nil], .issuer),
      (["iss": ["https://id.example"]], .issuer), (["iss": "HTTPS://id.example"], .issuer),
      (["aud": nil], .audience), (["aud": []], .audience), (["aud": ""], .audience), (["aud": "martlet2"], .audience),
      (["aud": "mart"], .audience), (["aud": ["other"]], .audience), (["aud": [1, "martlet"]], .audience),
      (["aud": ["martlet", "other"]], .authorizedParty),
      (["aud": ["martlet", "other"], "azp": "other"], .authorizedParty),
      (["azp": "other"], .authorizedParty), (["azp": 7], .authorizedParty),
      (["exp": nil], .claim("exp")), (["exp": "1900000000"], .claim("exp")),
      (["exp": -1], .claim("exp")), (["exp": 9_223_372_036_854_775_807], .claim("exp")),
      (["exp": 1_799_999_940], .expired),
      (["exp": 0], .expired), (["iat": nil], .claim("iat")), (["iat": 1_800_000_061], .notYetValid),
      (["iat": "x"], .claim("iat")),
      (["nbf": 1_800_000_061], .notYetValid), (["nbf": true], .claim("nbf")),
      (["nonce": nil], .nonce), (["nonce": "n-2"], .nonce), (["nonce": ""], .nonce), (["nonce": 1], .nonce),
      (["nonce": "n-1 "], .nonce),
      (["sub": nil], .claim("sub")), (["sub": ""], .claim("sub")), (["sub": 1], .claim("sub")),
      (["sub": .string(String(repeating: "s", count: 256))], .claim("sub")),
    ] as [([String: JSONValue?], JWTError)])
  func N_20_refusedClaims(changes: [String: JSONValue?], expected: JWTError) async throws {
    let token = try issuer.token(TestIssuer.claims(now: 1_800_000_000_000, changing: changes))
    #expect(await error(token) == expected)
  }

  @Test(
    arguments: [
      ["aud": ["martlet"]], ["aud": ["martlet", "other"], "azp": "martlet"], ["azp": "martlet"], ["exp": 1_799_999_941],
      ["iat": 1_800_000_060], ["nbf": 1_800_000_060], ["exp": .number(JSONNumber(253_402_300_799))],
    ] as [[String: JSONValue?]])
  func N_20_acceptedClaims(changes: [String: JSONValue?]) async throws {
    #expect(await error(try issuer.token(TestIssuer.claims(now: 1_800_000_000_000, changing: changes))) == nil)
  }

  @Test func N_20_hugeDates() async throws {
    for literal in ["1e300", "1e18", "253402300800", "99999999999999999999"] {
      let number = try #require(JSONNumber(literal: literal))
      let token = try issuer.token(TestIssuer.claims(now: clock.now, changing: ["exp": .number(number)]))
      #expect(await error(token) == .claim("exp"))
    }
  }

  @Test(arguments: ["exp", "iat", "nbf"])
  func N_20_datesWithFractions(_ name: String) async throws {
    let number = try #require(JSONNumber(literal: "1800000001.75"))
    let token = try issuer.token(TestIssuer.claims(now: 1_800_000_000_000, changing: [name: .number(number)]))
    #expect(await error(token) == nil)
  }

  @Test func N_20_emptyExpectationsMatchNothing() async throws {
    let token = try issuer.token(TestIssuer.claims(now: clock.now, changing: ["aud": "", "nonce": ""]))
    #expect(await error(token, clientID: "") == .audience)
    let noNonce = try issuer.token(TestIssuer.claims(now: clock.now, changing: ["nonce": ""]))
    #expect(await error(noNonce, nonce: "") == .nonce)
  }

  @Test func N_20_theProvidersOwnListNarrows() async throws {
    var narrow = metadata
    narrow.idTokenSigningAlgValuesSupported = nil
    let es = try issuer.token(TestIssuer.claims(now: clock.now))
    let rs = try issuer.token(TestIssuer.claims(now: clock.now), alg: "RS256", kid: "rsa")
    #expect(await error(es, metadata: narrow) == .algorithm)
    #expect(await error(rs, metadata: narrow) == nil)
    narrow.idTokenSigningAlgValuesSupported = ["HS256", "none"]
    #expect(await error(rs, metadata: narrow) == .algorithm)
  }

  @Test func rotationWithoutKidIsFound() async throws {
    let old = try TestIssuer.another.get().jwks(kids: false)
    let new = try issuer.jwks(kids: false)
    let fetcher = ScriptedFetcher { _, turn in .json(turn == 1 ? old : new) }
    let verifier = JWTVerifier(keys: JWKSCache(fetcher: fetcher, clock: clock.closure), clock: clock.closure)
    let url = try AbsoluteURL(parsing: TestIssuer.jwksURL)
    let expected = JWTExpectation(issuer: TestIssuer.issuer, audience: "martlet")
    let token = try issuer.token(TestIssuer.claims(now: clock.now), kid: nil)
    await #expect(throws: JWTError.signature) {
      _ = try await verifier.verify(token, keysFrom: url, expecting: expected)
    }
    clock.advance(seconds: 31)
    _ = try await verifier.verify(token, keysFrom: url, expecting: expected)
    #expect(fetcher.requests.count == 2)
  }

  @Test func typeIsCheckedWhereExpected() throws {
    let keys = try JSONWebKeySet(json: try JSONReader.parse(string: try issuer.jwks()))
    let expected = JWTExpectation(issuer: TestIssuer.issuer, audience: "martlet", types: ["at+jwt"])
    let plain = try issuer.token(TestIssuer.claims(now: clock.now))
    let typed = try issuer.token(TestIssuer.claims(now: clock.now), header: ["typ": "application/AT+JWT"])
    #expect(throws: JWTError.type) { try JWTVerifier.verify(plain, with: keys, expecting: expected, now: clock.now) }
    #expect(throws: Never.self) { try JWTVerifier.verify(typed, with: keys, expecting: expected, now: clock.now) }
  }
}
