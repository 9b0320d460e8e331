import Crypto
import CryptoExtras
import OAuthProtocol

/// Verifies a token's signature with one key, if the key is of the algorithm's kind.
enum SignatureCheck {
  static func passes(_ token: JSONWebSignature, key: JSONWebKey) -> Bool {
    guard key.allows(token.algorithm) else { return false }
    switch key.material {
    case .p256: return ES256.verify(token, key: key)
    case .ed25519(let key):
      return token.signature.count == 64 && key.isValidSignature(token.signature, for: token.signingInput)
    case .rsa(let modulus, let exponent): return rsa(token, modulus: modulus, exponent: exponent)
    }
  }

  private static func rsa(_ token: JSONWebSignature, modulus: [UInt8], exponent: [UInt8]) -> Bool {
    // 2048 bits at least: the parser refuses shorter moduli, and this holds for keys from elsewhere.
    guard modulus.count >= 256, token.signature.count == modulus.count,
      let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent)
    else { return false }
    let signature = _RSA.Signing.RSASignature(rawRepresentation: token.signature)
    let input = token.signingInput
    switch token.algorithm {
    case .rs256: return key.isValidSignature(signature, for: SHA256.hash(data: input), padding: .insecurePKCS1v1_5)
    case .rs384: return key.isValidSignature(signature, for: SHA384.hash(data: input), padding: .insecurePKCS1v1_5)
    case .rs512: return key.isValidSignature(signature, for: SHA512.hash(data: input), padding: .insecurePKCS1v1_5)
    case .ps256: return key.isValidSignature(signature, for: SHA256.hash(data: input), padding: .PSS)
    case .ps384: return key.isValidSignature(signature, for: SHA384.hash(data: input), padding: .PSS)
    case .ps512: return key.isValidSignature(signature, for: SHA512.hash(data: input), padding: .PSS)
    case .es256, .edDSA: return false
    }
  }
}
