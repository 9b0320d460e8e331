import Crypto
import OAuthProtocol
import StrictCoding
import Testing

@Suite struct JSONWebSignatureTests {
  static let headers = [
    #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":"NONE"}"#, #"{"alg":"nOnE"}"#, #"{"alg":"HS256"}"#,
    #"{"alg":"HS384"}"#,
    #"{"alg":"HS512"}"#, #"{"alg":""}"#, #"{"alg":"es256"}"#, #"{"alg":"ES256 "}"#, #"{"alg":"ES256\u0000"}"#,
    #"{"alg":"ES256K"}"#,
    #"{"alg":"ES384"}"#, #"{"alg":"ES512"}"#, #"{"alg":"RS1"}"#, #"{"alg":"dir"}"#, #"{"alg":"RSA-OAEP"}"#,
    #"{"alg":"A256GCMKW"}"#,
    #"{"alg":null}"#, #"{"alg":1}"#, #"{"alg":["ES256"]}"#, #"{"alg":{"a":1}}"#, #"{"alg":true}"#, #"{}"#,
    #"{"typ":"JWT"}"#,
    #"{"ALG":"ES256"}"#, #"{"alg":"ES256","crit":[]}"#, #"{"alg":"ES256","crit":["exp"]}"#,
    #"{"alg":"ES256","crit":null}"#,
    #"{"alg":"ES256","jku":"https://evil.example/jwks"}"#, #"{"alg":"ES256","x5u":"https://evil.example/c"}"#,
    #"{"alg":"ES256","jwk":{"kty":"EC"}}"#, #"{"alg":"ES256","x5c":["MII"]}"#,
    #"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
    #"{"alg":"ES256","b64":true}"#, #"{"alg":"ES256","zip":"DEF"}"#, #"{"alg":"ES256","enc":"A256GCM"}"#,
    #"{"alg":"ES256","kid":1}"#,
    #"{"alg":"ES256","kid":null}"#, #"{"alg":"ES256","kid":""}"#, #"{"alg":"ES256","kid":["k1"]}"#,
    #"{"alg":"ES256","typ":1}"#,
    #"{"alg":"ES256","alg":"ES256"}"#, #"{"alg":"none","alg":"ES256"}"#, #"{"alg":"ES256","\u0061lg":"none"}"#,
    #"["ES256"]"#,
    #""ES256""#, "null", "", "{", #"{"alg":"ES256"}x"#, "\u{FEFF}{\"alg\":\"ES256\"}", #"{"alg":"ES256",}"#,
    #"{'alg':'ES256'}"#,
    #"{"alg":"ES256","kid":"\ud800"}"#, "{\"alg\":\"ES256\",\"kid\":\"a\nb\"}",
    "{\"alg\":\"ES256\",\"x\":" + String(repeating: "[", count: 40) + String(repeating: "]", count: 40) + "}",
    "{\"alg\":\"ES256\",\"kid\":\"" + String(repeating: "k", count: 513) + "\"}",
  ]

  static let payloads = [
    "", "[]", "null", "1", #""x""#, "{", #"{"a":1}x"#, #"{"exp":1,"exp":2}"#, #"{"aud":"a","\u0061ud":"b"}"#,
    #"{"a":01}"#, #"{"a":NaN}"#,
    "\u{FEFF}{}", #"{"a":"\ud800"}"#, "{\"a\":\"\u{1}\"}", "eyJhbGciOiJub25lIn0.e30.",
    String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40),
  ]

  @Test func V_056_validTokensPass() throws {
    let forge = try TokenForge()
    #expect(try forge.refusal(forge.token()) == nil)
    let signed = try JWTSigner(key: forge.key, keyID: "k1", type: "at+jwt").sign(["sub": "u", "exp": 1_900_000_000])
    #expect(forge.refusal(signed) == nil)
    let parsed = try JSONWebSignature(compact: signed)
    #expect(parsed.keyID == "k1" && parsed.algorithm == .es256 && parsed.claims.subject == "u")
    #expect(parsed.hasType("at+jwt") && parsed.hasType("application/AT+JWT") && !parsed.hasType("JWT"))
    #expect(try parsed.claims.date("exp") == 1_900_000_000)
  }

  @Test func V_056_hostileHeadersAndPayloads() throws {
    let forge = try TokenForge()
    for header in Self.headers { #expect(try forge.refusal(forge.token(header: header)) != nil, "\(header)") }
    for payload in Self.payloads { #expect(try forge.refusal(forge.token(payload: payload)) != nil, "\(payload)") }
  }

  @Test func V_056_everyRuleNamesItself() throws {
    let forge = try TokenForge()
    let token = try forge.token()
    let rows: [(String, JOSEError)] = [
      (try forge.token(payload: "{\"a\":\"\(String(repeating: "x", count: 13_000))\"}"), .tooLong),
      (token + ".", .structure), (token + ".AA", .structure), (String(repeating: ".", count: 16_384), .structure),
      (token.replacing(".", with: "=."), .encoding), (try forge.token(header: "[]"), .header),
      (try forge.token(header: #"{"alg":"NONE"}"#), .unsigned),
      (try forge.token(header: #"{"alg":"HS256"}"#), .unsupportedAlgorithm),
      (try forge.token(header: #"{"alg":"ES256","jku":"x"}"#), .forbiddenHeader("jku")),
      (try forge.token(payload: "[]"), .payload),
    ]
    for (row, expected) in rows { #expect(throws: expected) { try JSONWebSignature(compact: row) } }
  }

  @Test func V_056_hostileStructure() throws {
    let forge = try TokenForge()
    let token = try forge.token()
    let parts = token.split(separator: ".").map(String.init)
    let (head, body, signature) = (parts[0], parts[1], parts[2])
    var rows = [
      "", ".", "..", "...", "a.b", "\(head).\(body)", "\(head).\(body).", ".\(body).\(signature)",
      "\(head)..\(signature)",
      "\(token).", ".\(token)", "\(token).\(signature)", "\(head).\(body).a.b.c", "\(token) ", " \(token)",
      "\(token)\n", "\(head) .\(body).\(signature)",
      "\(head)=.\(body).\(signature)", "\(head).\(body)=.\(signature)", "\(token)=", "\(token)==",
      "\(head).\(body).\(signature)A",
      String(repeating: ".", count: 10_000), String(repeating: "a.", count: 5_000),
      String(repeating: "a", count: 16_385),
      "\(head).\(body).\(String(repeating: "A", count: 20_000))", "\(body).\(head).\(signature)",
      "\u{E9}.\(body).\(signature)",
      token.replacing("_", with: "/").replacing("-", with: "+"), "\(head).\(body)\u{0}.\(signature)",
      "%65\(token.dropFirst(2))",
    ]
    rows.removeAll { $0 == token }
    for row in rows { #expect(forge.refusal(row) != nil, "\(row.prefix(80))") }
  }

  @Test func S_13_padBitsAndMalleability() throws {
    let forge = try TokenForge()
    let token = try forge.token()
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var bytes = Array(token.utf8)
    let original = try #require(bytes.last)
    // 64 bytes end in a character with four pad bits: fifteen siblings decode to the same value elsewhere.
    for candidate in alphabet where candidate != original {
      bytes[bytes.count - 1] = candidate
      #expect(forge.refusal(text(bytes)) != nil)
    }
  }

  @Test func V_056_hostileSignatures() throws {
    let forge = try TokenForge()
    let token = try JSONWebSignature(compact: forge.token())
    let good = token.signature
    let zero = [UInt8](repeating: 0, count: 32)
    let order = try #require(Hex.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
    let half = { Array(good.prefix(32)) }
    var rows: [[UInt8]] = [
      [], [0], zero, zero + zero, zero + good.suffix(32), half() + zero, order + good.suffix(32), half() + order,
      order + order,
      Array(good.dropLast()), good + [0], [0] + good, good + good, good.reversed(), Array(good.suffix(32)) + half(),
      [UInt8](repeating: 0xFF, count: 64),
    ]
    rows.append(Array(try P256.Signing.ECDSASignature(rawRepresentation: good).derRepresentation))
    for bit in stride(from: 0, to: 512, by: 7) {
      var flipped = good
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      rows.append(flipped)
    }
    for row in rows { #expect(!ES256.verify(signature: row, of: token.signingInput, key: forge.key.publicKey)) }
    #expect(ES256.verify(signature: good, of: token.signingInput, key: forge.key.publicKey))
    #expect(!ES256.verify(signature: good, of: token.signingInput + [0], key: forge.key.publicKey))
    let other = P256.Signing.PrivateKey()
    #expect(!ES256.verify(token, key: JSONWebKey(p256: other.publicKey, keyID: "k1")))
  }

  @Test func V_056_kidOnlySelectsAmongPinnedKeys() throws {
    let forge = try TokenForge()
    let keys = JSONWebKeySet([forge.publicKey])
    for kid in [
      "../../k1", "k1' OR 1=1--", "https://evil.example/k1", "K1", "k1 ", "k\\u0000", "\u{212A}1", "k1\u{301}",
    ] {
      let token = try JSONWebSignature(compact: forge.token(header: "{\"alg\":\"ES256\",\"kid\":\"\(kid)\"}"))
      #expect(keys.candidates(for: token).isEmpty, "\(kid)")
    }
    // S-03: canonically equivalent names are different names.
    let composed = JSONWebKeySet([JSONWebKey(p256: forge.key.publicKey, keyID: "\u{E9}")])
    let decomposed = try JSONWebSignature(compact: forge.token(header: #"{"alg":"ES256","kid":"e\u0301"}"#))
    #expect(composed.candidates(for: decomposed).isEmpty)
    #expect(keys.candidates(for: try JSONWebSignature(compact: forge.token())).count == 1)
    #expect(keys.candidates(for: try JSONWebSignature(compact: forge.token(header: #"{"alg":"ES256"}"#))).count == 1)
    #expect(
      keys.candidates(for: try JSONWebSignature(compact: forge.token(header: #"{"alg":"RS256","kid":"k1"}"#))).isEmpty)
  }

  @Test(arguments: [
    #""1900000000""#, "1e300", "-1", "true", "null", "[1]", "{}", "9223372036854775808", "9223372036854775807",
    "253402300800", "-0.5", "1e400",
  ])
  func V_056_datesThatAreNone(_ literal: String) throws {
    let claims = JWTClaims(try #require(try json("{\"exp\":\(literal)}").objectValue))
    #expect(throws: JOSEError.claim("exp")) { try claims.date("exp") }
  }

  @Test func V_056_dates() throws {
    #expect(try JWTClaims([:]).date("exp") == nil)
    for literal in ["0", "1900000000", "1.9e9", "1900000000.0", "253402300799"] {
      let claims = JWTClaims(try #require(try json("{\"exp\":\(literal)}").objectValue))
      #expect(try claims.date("exp") != nil)
    }
    for literal in ["1900000000.001", "1900000000.9999", "19000000000001e-4"] {
      let claims = JWTClaims(try #require(try json("{\"exp\":\(literal)}").objectValue))
      #expect(try claims.date("exp") == 1_900_000_000)
    }
  }

  @Test func V_056_audiences() throws {
    let ours = "https://gw.example/time/mcp"
    let rows: [(String, Bool)] = [
      (#""https://gw.example/time/mcp""#, true), (#"["x","https://gw.example/time/mcp"]"#, true),
      (#""https://gw.example/time/mcp/""#, false),
      (#""https://gw.example/time""#, false), (#""https://gw.example/time/mcp.evil""#, false),
      (#"["https://gw.example/time/mcp",1]"#, false),
      ("[]", false), ("null", false), ("1", false), ("{}", false), (#"[["https://gw.example/time/mcp"]]"#, false),
      (#""https://GW.example/time/mcp""#, false), (#"" https://gw.example/time/mcp""#, false),
      (#""https://gw.example/time/mcp,x""#, false),
    ]
    for (literal, expected) in rows {
      let claims = JWTClaims(try #require(try json("{\"aud\":\(literal)}").objectValue))
      #expect(claims.isMeant(for: ours) == expected, "\(literal)")
    }
    #expect(!JWTClaims([:]).isMeant(for: ""))
  }
}
