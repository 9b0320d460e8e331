import Crypto
import StrictCoding

/// Reads key material; every number must have its exact length and canonical encoding.
enum JSONWebKeyParser {
  static func material(_ object: JSONObject) throws(JOSEError) -> JSONWebKey.Material {
    switch (try text("kty", in: object), try text("crv", in: object)) {
    case ("EC", "P-256"): try ellipticCurve(object)
    case ("RSA", _): try rsa(object)
    case ("OKP", "Ed25519"): try ed25519(object)
    default: throw .key
    }
  }

  static func text(_ name: String, in object: JSONObject) throws(JOSEError) -> String? {
    guard let value = object[name], value != .null else { return nil }
    guard let text = value.stringValue, text.utf8.count <= 512 else { throw .key }
    return text
  }

  private static func ellipticCurve(_ object: JSONObject) throws(JOSEError) -> JSONWebKey.Material {
    let x = try bytes("x", in: object)
    let y = try bytes("y", in: object)
    guard x.count == 32, y.count == 32 else { throw .key }
    // The initialiser refuses points that are not on the curve.
    guard let key = try? P256.Signing.PublicKey(rawRepresentation: x + y) else { throw .key }
    return .p256(key)
  }

  private static func rsa(_ object: JSONObject) throws(JOSEError) -> JSONWebKey.Material {
    let modulus = try bytes("n", in: object)
    let exponent = try bytes("e", in: object)
    guard let top = modulus.first, top != 0, let low = modulus.last, low & 1 == 1 else { throw .key }
    let bits = modulus.count * 8 - top.leadingZeroBitCount
    guard (2048...8192).contains(bits) else { throw .key }
    guard let first = exponent.first, first != 0, exponent.count <= 4, let last = exponent.last, last & 1 == 1 else {
      throw .key
    }
    guard exponent != [1] else { throw .key }
    return .rsa(modulus: modulus, exponent: exponent)
  }

  private static func ed25519(_ object: JSONObject) throws(JOSEError) -> JSONWebKey.Material {
    let x = try bytes("x", in: object)
    guard x.count == 32, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: x) else { throw .key }
    return .ed25519(key)
  }

  private static func bytes(_ name: String, in object: JSONObject) throws(JOSEError) -> [UInt8] {
    guard let text = object[name]?.stringValue, text.utf8.count <= 4096, let bytes = Base64URL.decode(text) else {
      throw .key
    }
    return bytes
  }
}
