import Crypto
import CryptoExtras
import OAuthProtocol
import StrictCoding

@testable import OAuthClient

/// An issuer with one key of each kind.
struct TestIssuer: Sendable {
  static let issuer = "https://id.example"
  static let jwksURL = "https://id.example/jwks"

  // RSA keys take long to make: two issuers serve all tests.
  static let shared = Result { try TestIssuer() }
  static let another = Result { try TestIssuer() }

  let ec = P256.Signing.PrivateKey()
  let ed = Curve25519.Signing.PrivateKey()
  let rsa: _RSA.Signing.PrivateKey

  init() throws { rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

  static func rsaJWK(_ key: _RSA.Signing.PublicKey, kid: String?) throws -> JSONValue {
    let primitives = try key.getKeyPrimitives()
    var object: JSONObject = [
      "kty": "RSA", "n": .string(Base64URL.encode(primitives.modulus)),
      "e": .string(Base64URL.encode(primitives.publicExponent)),
    ]
    if let kid { object["kid"] = .string(kid) }
    return .object(object)
  }

  func jwks(kids: Bool = true) throws -> String {
    var ecKey: JSONObject = ["kty": "EC", "crv": "P-256"]
    let point = Array(ec.publicKey.rawRepresentation)
    ecKey["x"] = .string(Base64URL.encode(point.prefix(32)))
    ecKey["y"] = .string(Base64URL.encode(point.suffix(32)))
    var edKey: JSONObject = ["kty": "OKP", "crv": "Ed25519"]
    edKey["x"] = .string(Base64URL.encode(Array(ed.publicKey.rawRepresentation)))
    if kids {
      ecKey["kid"] = "ec"
      edKey["kid"] = "ed"
    }
    let keys: JSONValue = [.object(ecKey), .object(edKey), try Self.rsaJWK(rsa.publicKey, kid: kids ? "rsa" : nil)]
    return String(decoding: JSONWriter.write(["keys": keys]), as: UTF8.self)
  }

  static func claims(now: Int64, changing changes: [String: JSONValue?] = [:]) -> JSONObject {
    var claims: JSONObject = [
      "iss": .string(issuer), "sub": "alice", "aud": "martlet", "exp": .integer(now / 1000 + 300),
      "iat": .integer(now / 1000), "nonce": "n-1",
    ]
    for (name, value) in changes { claims[name] = value }
    return claims
  }

  func token(_ claims: JSONObject, alg: String = "ES256", kid: String? = "ec", header: JSONObject = [:]) throws
    -> String
  {
    var fields: JSONObject = ["alg": .string(alg)]
    if let kid { fields["kid"] = .string(kid) }
    for (name, value) in header.members { fields[name] = value }
    let input =
      Base64URL.encode(JSONWriter.write(.object(fields))) + "." + Base64URL.encode(JSONWriter.write(.object(claims)))
    return input + "." + Base64URL.encode(try signature(Array(input.utf8), alg))
  }

  private func signature(_ input: [UInt8], _ alg: String) throws -> [UInt8] {
    switch alg {
    case "ES256": Array(try ec.signature(for: input).rawRepresentation)
    case "EdDSA": Array(try ed.signature(for: input))
    case "RS256": Array(try rsa.signature(for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
    case "RS384": Array(try rsa.signature(for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
    case "RS512": Array(try rsa.signature(for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5).rawRepresentation)
    case "PS256": Array(try rsa.signature(for: SHA256.hash(data: input), padding: .PSS).rawRepresentation)
    case "PS512": Array(try rsa.signature(for: SHA512.hash(data: input), padding: .PSS).rawRepresentation)
    case "HS256":
      Array(HMAC<SHA256>.authenticationCode(for: input, using: SymmetricKey(data: ec.publicKey.rawRepresentation)))
    default: [0]
    }
  }
}
