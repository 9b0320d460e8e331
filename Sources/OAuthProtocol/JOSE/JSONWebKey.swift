import Crypto
import StrictCoding

/// A public key that may verify signatures.
///
/// Conforms to: RFC 7517 §4; RFC 7518 §6.2, §6.3; RFC 8037 §2; RFC 7638 (thumbprint).
public struct JSONWebKey: Sendable, Equatable {
  /// The key itself.
  public enum Material: Sendable {
    /// An elliptic curve key on P-256.
    case p256(P256.Signing.PublicKey)
    /// An RSA key; big-endian, without leading zeros, 2048 to 8192 bits.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// An Ed25519 key.
    case ed25519(Curve25519.Signing.PublicKey)
  }

  /// The key itself.
  public let material: Material
  /// The key's name.
  public let keyID: String?
  /// The one algorithm that it is for, if it says so.
  public let algorithm: JWSAlgorithm?

  /// Wraps a key of our own.
  public init(p256 key: P256.Signing.PublicKey, keyID: String?) {
    material = .p256(key)
    self.keyID = keyID
    algorithm = .es256
  }

  /// Reads a key.
  ///
  /// - Throws: `JOSEError.key` if it is malformed, off its curve, too weak or too large, not for signatures, of an
  ///   unknown kind, or if it shows its private half.
  public init(json: JSONValue) throws(JOSEError) {
    guard let object = json.objectValue, object["d"] == nil, object["k"] == nil else { throw .key }
    material = try JSONWebKeyParser.material(object)
    keyID = try JSONWebKeyParser.text("kid", in: object)
    if let use = try JSONWebKeyParser.text("use", in: object), use != "sig" { throw .key }
    if let operations = object["key_ops"] {
      guard let list = operations.arrayValue, list.contains(.string("verify")) else { throw .key }
    }
    if let name = try JSONWebKeyParser.text("alg", in: object) {
      guard let algorithm = JWSAlgorithm(rawValue: name), material.allows(algorithm) else { throw .key }
      self.algorithm = algorithm
    } else {
      algorithm = nil
    }
  }

  /// True if the key may verify signatures of this algorithm.
  public func allows(_ algorithm: JWSAlgorithm) -> Bool {
    material.allows(algorithm) && (self.algorithm == nil || self.algorithm == algorithm)
  }

  /// The public form.
  public func json() -> JSONValue {
    var object = material.members
    object["use"] = "sig"
    if let algorithm { object["alg"] = .string(algorithm.rawValue) }
    if let keyID { object["kid"] = .string(keyID) }
    return .object(object)
  }

  /// The SHA-256 thumbprint in base64url (RFC 7638 §3).
  public var thumbprint: String { Base64URL.encode(SHA256.hash(data: JSONWriter.write(.object(material.members)))) }

  /// Compares kind and bytes of the key, and what it says about itself.
  public static func == (left: Self, right: Self) -> Bool {
    left.material.members == right.material.members && left.algorithm == right.algorithm
      && left.keyID.map { ByteString($0) } == right.keyID.map { ByteString($0) }
  }
}
