import StrictCoding

extension JSONWebKey.Material {
  /// The required members in the lexicographic order that RFC 7638 §3.2 hashes.
  var members: JSONObject {
    switch self {
    case .p256(let key):
      let point = Array(key.rawRepresentation)
      return [
        "crv": "P-256", "kty": "EC", "x": .string(Base64URL.encode(point.prefix(32))),
        "y": .string(Base64URL.encode(point.suffix(32))),
      ]
    case .rsa(let modulus, let exponent):
      return ["e": .string(Base64URL.encode(exponent)), "kty": "RSA", "n": .string(Base64URL.encode(modulus))]
    case .ed25519(let key):
      return ["crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(Array(key.rawRepresentation)))]
    }
  }

  func allows(_ algorithm: JWSAlgorithm) -> Bool {
    switch (self, algorithm) {
    case (.p256, .es256), (.ed25519, .edDSA): true
    case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512): true
    default: false
    }
  }
}
