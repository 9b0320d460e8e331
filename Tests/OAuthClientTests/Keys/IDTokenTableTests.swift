import Crypto
import OAuthProtocol
import StrictCoding
import Testing

@testable import OAuthClient

/// V-056: none of a table of forged and malformed ID tokens logs anybody in.
@Suite struct IDTokenTableTests {
  /// One way to bend a token that is otherwise right.
  struct Row: Sendable, CustomStringConvertible {
    let description: String
    let make: @Sendable (TestIssuer, JSONObject) throws -> String
  }

  private static let now: Int64 = 1_800_000_000_000

  @Test func V_056_noRowOfTheTableLogsIn() async throws {
    let issuer = try TestIssuer.shared.get()
    let jwks = try issuer.jwks()
    let clock = StandingClock(Self.now)
    let verifier = IDTokenVerifier(
      JWTVerifier(
        keys: JWKSCache(fetcher: ScriptedFetcher { _, _ in .json(jwks) }, clock: clock.closure), clock: clock.closure))
    var metadata = AuthorizationServerMetadata(issuer: TestIssuer.issuer)
    metadata.jwksURI = TestIssuer.jwksURL
    metadata.idTokenSigningAlgValuesSupported = ["RS256", "RS384", "RS512", "PS256", "ES256", "EdDSA"]
    func accepts(_ token: String) async -> Bool {
      (try? await verifier.verify(token, from: metadata, clientID: "martlet", nonce: "n-1")) != nil
    }
    let claims = TestIssuer.claims(now: Self.now)
    #expect(await accepts(try issuer.token(claims)), "what the rows bend is right")
    let rows = Self.algorithms + Self.headers + Self.claims + Self.shapes + Self.signatures
    #expect(rows.count >= 120)
    #expect(Set(rows.map(\.description)).count == rows.count, "each row is another")
    for row in rows { #expect(await !accepts(try row.make(issuer, claims)), "\(row)") }
    print("proof: V-056 count=\(rows.count)")
  }

  /// Each name with each key, but for the pairs that belong together.
  private static let algorithms: [Row] = {
    let fitting = ["RS256 rsa", "RS384 rsa", "RS512 rsa", "PS256 rsa", "ES256 ec", "EdDSA ed"]
    let names = [
      "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "PS384", "PS512", "ES384", "ES512", "ES256K",
      "es256",
      "ES256 ", "RSA-OAEP", "dir", "RS256", "RS384", "RS512", "PS256", "ES256", "EdDSA",
    ]
    return names.flatMap { name in
      ["rsa", "ec", "ed"].compactMap { kid in
        if fitting.contains("\(name) \(kid)") { return nil }
        return Row(description: "alg \(name) with \(kid)") { issuer, claims in
          try issuer.token(claims, alg: name, kid: kid)
        }
      }
    }
  }()

  private static let headers: [Row] = {
    let forbidden: [(String, JSONValue)] = [
      ("crit", ["exp"]), ("crit", []), ("jku", "https://evil.example/jwks"), ("x5u", "https://evil.example/c"),
      ("jwk", ["kty": "EC"]), ("x5c", ["AAAA"]), ("b64", false), ("zip", "DEF"), ("alg", 1), ("alg", .null),
      ("kid", 1), ("kid", ["ec"]), ("kid", .null), ("typ", 1),
    ]
    let kids = [
      "", "ec\u{0}", "ec ", "EC", "../ec", "' OR '1'='1", "http://evil.example/k", "rsa", "ed", "\u{FF45}c",
      String(repeating: "k", count: 5000),
    ]
    return forbidden.map { name, value in
      Row(description: "header \(name): \(value)") { issuer, claims in try issuer.token(claims, header: [name: value]) }
    }
      + kids.map { kid in
        Row(description: "kid \(kid.prefix(20).debugDescription)") { issuer, claims in
          try issuer.token(claims, kid: kid)
        }
      }
  }()

  private static let claims: [Row] = {
    let dates: [JSONValue] = [
      .null, "1900000000", true, [], [:], -1, .number(JSONNumber(0)), .integer(.max), .integer(253_402_300_800),
    ]
    var bent: [(String, JSONValue?)] = ["iss", "aud", "exp", "iat", "sub", "nonce"].map { ($0, nil) }
    bent += dates.map { ("exp", $0) }
    bent += [.null, "x", true, -1, .integer(now / 1000 + 61), .integer(.max)].map { ("iat", $0) }
    bent += ["x", true, -1, .integer(now / 1000 + 61), .integer(.max)].map { ("nbf", $0) }
    bent += [
      "", "https://id.example/", "https://id.example.evil.example", "http://id.example", "HTTPS://ID.EXAMPLE",
      "https://id.example#", " https://id.example", "https://id.exampl\u{212E}", 1, .null, ["https://id.example"],
    ].map { ("iss", $0) }
    bent += [
      "", "martle", "martlet2", "MARTLET", " martlet", "martlet\u{0}", "martlet other", 1, .null, [], [[]],
      [1, "martlet"],
      ["other"], ["martlet", "other"], ["aud": "martlet"],
    ].map { ("aud", $0) }
    bent += ["other", "", 1, .null, ["martlet"], "martlet "].map { ("azp", $0) }
    bent += ["", "n-2", "N-1", "n-1 ", "n-1\u{0}", 1, .null, ["n-1"]].map { ("nonce", $0) }
    bent += ["", 1, .null, ["alice"], .string(String(repeating: "s", count: 256))].map { ("sub", $0) }
    return bent.map { name, value in
      let shown = value.map { String(decoding: JSONWriter.write($0).prefix(60), as: UTF8.self) } ?? "missing"
      return Row(description: "\(name) \(shown)") { issuer, claims in
        var changed = claims
        changed[name] = value
        return try issuer.token(changed)
      }
    }
  }()

  private static let shapes: [Row] = {
    let bend: [(String, @Sendable ([String]) -> String)] = [
      ("nothing", { _ in "" }), ("one part", { $0[0] }), ("two parts", { "\($0[0]).\($0[1])" }),
      ("four parts", { "\($0[0]).\($0[1]).\($0[2]).\($0[2])" }),
      ("five parts, as of a JWE", { $0.joined(separator: ".") + ".." }),
      ("dots alone", { _ in String(repeating: ".", count: 10_000) }), ("no header", { ".\($0[1]).\($0[2])" }),
      ("no claims", { "\($0[0])..\($0[2])" }), ("no signature", { "\($0[0]).\($0[1])." }),
      ("padding", { $0.joined(separator: ".") + "=" }), ("a line end", { $0.joined(separator: ".") + "\n" }),
      ("a space in front", { " " + $0.joined(separator: ".") }), ("a NUL", { $0.joined(separator: ".") + "\u{0}" }),
      ("a byte order mark", { "\u{FEFF}" + $0.joined(separator: ".") }),
      ("Bearer", { "Bearer " + $0.joined(separator: ".") }),
      ("claims twice", { "\($0[0]).\($0[1])\($0[1]).\($0[2])" }),
      ("header for claims", { "\($0[0]).\($0[0]).\($0[2])" }),
      ("too long", { "\($0[0]).\($0[1])\(String(repeating: "A", count: 20_000)).\($0[2])" }),
    ]
    return bend.map { name, bend in
      Row(description: "shape: \(name)") { issuer, claims in
        bend(try issuer.token(claims).split(separator: ".").map { String($0) })
      }
    }
  }()

  private static let signatures: [Row] = {
    let bend: [(String, @Sendable ([UInt8]) -> [UInt8])] = [
      ("r and s are zero", { _ in [UInt8](repeating: 0, count: 64) }),
      ("r is zero", { [UInt8](repeating: 0, count: 32) + $0[32...] }),
      ("s is zero", { Array($0[..<32]) + [UInt8](repeating: 0, count: 32) }),
      ("all ones", { _ in [UInt8](repeating: 0xFF, count: 64) }), ("too short", { Array($0.dropLast()) }),
      ("too long", { $0 + [0] }), ("swapped halves", { Array($0[32...] + $0[..<32]) }),
      ("a bit flipped", { $0.dropLast() + [$0[63] ^ 1] }), ("as DER", { [0x30, 0x44, 0x02, 0x20] + $0 }),
    ]
    let others: [Row] = [
      Row(description: "signature: another issuer's key of the same name") { _, claims in
        try TestIssuer.another.get().token(claims)
      },
      Row(description: "signature: of other claims") { issuer, claims in
        var other = claims
        other["sub"] = "bob"
        let parts = try issuer.token(claims).split(separator: ".")
        let swapped = try issuer.token(other).split(separator: ".")
        return "\(parts[0]).\(swapped[1]).\(parts[2])"
      },
    ]
    return others
      + bend.map { name, bend in
        Row(description: "signature: \(name)") { issuer, claims in
          let parts = try issuer.token(claims).split(separator: ".").map { String($0) }
          let bytes = try #require(Base64URL.decode(parts[2]))
          return "\(parts[0]).\(parts[1]).\(Base64URL.encode(bend(bytes)))"
        }
      }
  }()
}
