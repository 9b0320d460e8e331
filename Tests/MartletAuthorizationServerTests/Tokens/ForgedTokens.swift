import Crypto
import MartletDomain
import OAuthProtocol
import StrictCoding

@testable import MartletAuthorizationServer

/// A token that must not be accepted, and how it was made.
struct ForgedToken: Sendable {
  let name: String
  let token: ByteString
}

/// Makes tokens that are right in every respect but one. All but those of `structure` carry a valid signature of our
/// own key, so that only the check in question can refuse them.
struct ForgedTokens {
  let key: P256.Signing.PrivateKey
  let kid: String
  let otherKid: String
  let now: Int64

  var goodHeader: JSONObject { ["alg": "ES256", "typ": "at+jwt", "kid": .string(kid)] }

  var goodClaims: JSONObject {
    [
      "iss": "https://gw.example", "sub": "ann", "aud": "https://gw.example/time/mcp", "client_id": "app",
      "scope": "mcp", "jti": "j-1", "iat": .integer(now), "exp": .integer(now + 3600), "mrt_iat": .integer(now * 1000),
      "tenant": "default", "grant": "g-1", "flow": "f-1",
    ]
  }

  func sign(_ header: [UInt8], _ payload: [UInt8]) throws -> String {
    let input = Base64URL.encode(header) + "." + Base64URL.encode(payload)
    return input + "." + Base64URL.encode(Array(try key.signature(for: Array(input.utf8)).rawRepresentation))
  }

  func token(header: (inout JSONObject) -> Void = { _ in }, claims: (inout JSONObject) -> Void = { _ in }) throws
    -> String
  {
    var changedHeader = goodHeader
    var changedClaims = goodClaims
    header(&changedHeader)
    claims(&changedClaims)
    return try sign(JSONWriter.write(.object(changedHeader)), JSONWriter.write(.object(changedClaims)))
  }

  func all() throws -> [ForgedToken] { try headers() + claimValues() + rawDocuments() + structure() + signatures() }

  private func headers() throws -> [ForgedToken] {
    let values: [(String, [JSONValue?])] = [
      (
        "alg",
        [
          nil, nil as JSONValue?, .null, 256, ["ES256"], "", "none", "None", "NONE", "nOnE", "HS256", "HS512", "RS256",
          "PS256",
          "ES384", "ES512", "ES256K", "EdDSA", "es256", "ES256 ", "ECDH-ES", "dir",
        ]
      ),
      (
        "typ",
        [
          nil, .null, 1, ["at+jwt"], "", "JWT", "at+JWT", "AT+JWT", "application/at+jwt", "at+jwt ", "at+jw",
          "martlet-assertion+jwt", "dpop+jwt", "logout+jwt", "id_token",
        ]
      ),
      (
        "kid",
        [
          nil, .null, 1, [.string(kid)], "", "unknown", .string(kid + " "), .string(String(kid.dropLast())),
          .string(otherKid),
          "../../../../dev/null", "' OR 1=1 --", "http://127.0.0.1/keys", "/etc/passwd", "\u{0}",
          .string(String(repeating: "k", count: 600)),
        ]
      ),
      ("jku", ["https://evil.example/jwks"]), ("x5u", ["https://evil.example/cert"]), ("x5c", [["MIIB"]]),
      ("jwk", [["kty": "EC"], JSONWebKey(p256: key.publicKey, keyID: kid).json()]), ("zip", ["DEF"]),
      ("enc", ["A256GCM"]),
      ("crit", [[], ["exp"], ["b64"], "exp"]), ("b64", [false, true]),
    ]
    return try values.flatMap { name, values in
      try values.map { value in
        ForgedToken(
          name: "header \(name) \(String(describing: value))",
          token: ByteString(try token(header: { $0[name] = value })))
      }
    }
  }

  private func claimValues() throws -> [ForgedToken] {
    let resource: JSONValue = "https://gw.example/time/mcp"
    let long = JSONValue.string(String(repeating: "x", count: 5000))
    let texts: [JSONValue?] = [nil, .null, "", 1, true, ["x"], ["x": "y"], long]
    var values: [(String, [JSONValue?])] = ["sub", "client_id", "jti", "tenant"].map { ($0, texts) }
    values += [
      (
        "iss",
        [
          nil, .null, "", 1, ["https://gw.example"], "https://gw.example/", "https://gw.example.evil",
          "https://gw.exampl",
          "https://GW.example", "http://gw.example", "https://gw.example:443", "https://gw\u{2024}example",
        ]
      ),
      (
        "aud",
        [
          nil, .null, "", 1, [], [[]], ["x": resource], "https://gw.example/mail/mcp", "https://gw.example",
          "https://gw.example/time/mcp/", "https://gw.example/time/mcp2", "https://gw.example/time/mc",
          "https://GW.example/time/mcp", [resource, "https://gw.example/mail/mcp"], [resource, resource],
          [resource, 1],
          ["https://gw.example/mail/mcp"], "https://gw.example/t/default/time/mcp", "time", .string(kid),
        ]
      ),
      (
        "exp",
        [
          nil, .null, .string("\(now + 3600)"), true, [.integer(now + 3600)], .integer(now - 5), .integer(now - 3600),
          0, -1,
          .integer(.max), .integer(.min), number("\(now + 3600).0"), number("\(now + 3600).5"), number("1e300"),
          number("1e10"), number("9223372036854775808"), number("-0"),
        ]
      ),
      (
        "iat",
        [
          nil, .null, .string("\(now)"), .integer(now + 1), .integer(now - 1), number("\(now).0"), number("1e300"),
          .integer(.max), -1,
        ]
      ),
      (
        "mrt_iat",
        [nil, .null, .string("\(now * 1000)"), .integer(now), .integer(.max), .integer(.min), number("1e300"), -1]
      ),
      ("nbf", [.integer(now + 3600), .integer(now - 1), "x", .null]), ("scope", [nil, .null, 1, ["mcp"]]),
      ("grant", [.null, "", 1, ["g"]]), ("flow", [.null, "", 1, ["f": 1]]),
    ]
    var forged = try values.flatMap { name, values in
      try values.map { value in
        ForgedToken(
          name: "claim \(name) \(String(describing: value).prefix(80))",
          token: ByteString(try token(claims: { $0[name] = value })))
      }
    }
    let future = now + AccessTokenVerifier.clockLeeway.wholeSeconds + 1
    forged.append(
      ForgedToken(
        name: "issued in the future",
        token: ByteString(
          try token(claims: {
            $0["iat"] = .integer(future)
            $0["mrt_iat"] = .integer(future * 1000)
          }))))
    return forged
  }

  private func number(_ literal: String) -> JSONValue { JSONNumber(literal: literal).map { .number($0) } ?? .null }

  /// Documents that two parsers could read differently.
  private func rawDocuments() throws -> [ForgedToken] {
    let header = JSONWriter.string(.object(goodHeader))
    let claims = JSONWriter.string(.object(goodClaims))
    let payloads: [[UInt8]] = [
      Array("".utf8), Array("[]".utf8), Array("\"x\"".utf8), Array("null".utf8), Array("{".utf8),
      Array((claims + "x").utf8), Array((claims + claims).utf8), [0xEF, 0xBB, 0xBF] + Array(claims.utf8),
      Array(claims.replacing("\"ann\"", with: "\"ann\",\"sub\":\"bob\"").utf8),
      Array(claims.replacing("\"ann\"", with: "\"ann\",\"s\\u0075b\":\"bob\"").utf8),
      Array(claims.replacing("\"ann\"", with: "\"\\ud800\"").utf8),
      Array(claims.replacing("\"ann\"", with: "'ann'").utf8),
      Array(claims.utf8).map { $0 == UInt8(ascii: "j") ? 0xFF : $0 },
      Array(claims.replacing("\"ann\"", with: String(repeating: "[", count: 2000)).utf8),
      Array(
        "{\"x\":\(String(repeating: "[", count: 20))\(String(repeating: "]", count: 20)),\(claims.dropFirst())".utf8),
    ]
    let headers: [[UInt8]] = [
      Array("".utf8), Array("[]".utf8), Array("null".utf8), Array((header + " x").utf8),
      Array(header.replacing("\"ES256\"", with: "\"ES256\",\"alg\":\"none\"").utf8),
      Array(header.replacing("\"ES256\"", with: "\"none\",\"\\u0061lg\":\"ES256\"").utf8),
      [0xEF, 0xBB, 0xBF] + Array(header.utf8),
    ]
    return try payloads.enumerated().map {
      ForgedToken(name: "payload \($0.offset)", token: ByteString(try sign(Array(header.utf8), $0.element)))
    }
      + headers.enumerated().map {
        ForgedToken(name: "raw header \($0.offset)", token: ByteString(try sign($0.element, Array(claims.utf8))))
      }
  }

  private func structure() throws -> [ForgedToken] {
    let good = try token()
    let parts = good.split(separator: ".").map(String.init)
    let big = try token(claims: { $0["x"] = .string(String(repeating: "x", count: 13_000)) })
    let texts = [
      "", ".", "..", "...", "a.b.c", good + ".", "." + good, good + "." + parts[2], "\(parts[0]).\(parts[1])",
      "\(parts[0]).\(parts[1]).", "\(parts[0])..\(parts[2])", ".\(parts[1]).\(parts[2])", good + "=", good + "\n",
      " " + good,
      "Bearer " + good, good.replacing(".", with: ". "), "\(parts[0])=.\(parts[1]).\(parts[2])", good + good,
      String(repeating: ".", count: 10_000), String(repeating: "a.", count: 5_000),
      String(repeating: "A", count: 20_000), big,
      "\(parts[0]).\(parts[1]).\(parts[2]).\(parts[0]).\(parts[1])", "\(parts[1]).\(parts[0]).\(parts[2])",
      good + "\u{0}",
      Self.withPadBits(good), good.lowercased(), "{\"payload\":\"\(parts[1])\"}", "mrf_" + good,
    ]
    return texts.enumerated().map { ForgedToken(name: "structure \($0.offset)", token: ByteString($0.element)) }
      + [ForgedToken(name: "not UTF-8", token: ByteString([0xFF, 0xFE] + Array(good.utf8)))]
  }

  /// The same signature bytes in another spelling: the last character of 64 bytes' base64url has pad bits.
  private static func withPadBits(_ token: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    guard let last = token.last, let index = alphabet.firstIndex(of: last) else { return "" }
    return String(token.dropLast()) + String(alphabet[index ^ 1])
  }

  private func signatures() throws -> [ForgedToken] {
    let good = try token()
    guard let dot = good.lastIndex(of: "."), let raw = Base64URL.decode(good[good.index(after: dot)...]) else {
      return []
    }
    let input = String(good[..<dot])
    let zero = [UInt8](repeating: 0, count: 32)
    let full = [UInt8](repeating: 0xFF, count: 32)
    let r = Array(raw.prefix(32))
    let s = Array(raw.suffix(32))
    let stranger = P256.Signing.PrivateKey()
    let der = Array(try key.signature(for: Array(input.utf8)).derRepresentation)
    let publicKey = Array(key.publicKey.x963Representation)
    let mac = Array(HMAC<SHA256>.authenticationCode(for: Array(input.utf8), using: SymmetricKey(data: publicKey)))
    var signatures: [[UInt8]] = [
      zero + zero, r + zero, zero + s, s + r, full + full, r + full, full + s, Array(raw.dropLast()), raw + [0],
      [0] + raw, [0], der,
      mac, mac + mac, Array(try stranger.signature(for: Array(input.utf8)).rawRepresentation),
      Array(try key.signature(for: Array((input + "x").utf8)).rawRepresentation),
    ]
    for bit in stride(from: 0, to: 512, by: 37) {
      var flipped = raw
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      signatures.append(flipped)
    }
    return signatures.enumerated().map {
      ForgedToken(name: "signature \($0.offset)", token: ByteString(input + "." + Base64URL.encode($0.element)))
    }
  }
}
