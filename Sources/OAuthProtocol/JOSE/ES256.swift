import Crypto

/// Verification of ES256 signatures.
///
/// Conforms to: RFC 7518 §3.4.
public enum ES256 {
  /// Checks a token's signature.
  ///
  /// - Returns: False for another algorithm, another kind of key, a signature that is not exactly 64 bytes, r or s of
  ///   zero, and of course a signature that does not verify. Never traps.
  public static func verify(_ token: JSONWebSignature, key: JSONWebKey) -> Bool {
    guard token.algorithm == .es256, key.allows(.es256), case .p256(let publicKey) = key.material else { return false }
    return verify(signature: token.signature, of: token.signingInput, key: publicKey)
  }

  /// Checks a raw signature, `r ‖ s`.
  public static func verify(signature: [UInt8], of message: [UInt8], key: P256.Signing.PublicKey) -> Bool {
    guard signature.count == 64 else { return false }
    guard signature.prefix(32).contains(where: { $0 != 0 }), signature.suffix(32).contains(where: { $0 != 0 }) else {
      return false
    }
    guard let parsed = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
    return key.isValidSignature(parsed, for: message)
  }
}
