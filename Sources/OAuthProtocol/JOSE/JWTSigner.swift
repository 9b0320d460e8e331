import Crypto
import StrictCoding

/// Signs claims as a compact ES256 token.
///
/// Conforms to: RFC 7515 §3.1, §5.1; RFC 7518 §3.4; RFC 9068 §2.1 (the type is the caller's: `at+jwt`).
public struct JWTSigner: Sendable, CustomStringConvertible, CustomReflectable {
  private let key: P256.Signing.PrivateKey
  /// The key's name.
  public let keyID: String
  /// The header's `typ`.
  public let type: String
  private let encodedHeader: [UInt8]

  /// Prepares a signer.
  ///
  /// - Parameters:
  ///   - key: The private key.
  ///   - keyID: The header's `kid`.
  ///   - type: The header's `typ`, such as `at+jwt` or `JWT`.
  public init(key: P256.Signing.PrivateKey, keyID: String, type: String) {
    self.key = key
    self.keyID = keyID
    self.type = type
    let header: JSONObject = ["alg": "ES256", "typ": .string(type), "kid": .string(keyID)]
    encodedHeader = Array(Base64URL.encode(JSONWriter.write(.object(header))).utf8)
  }

  /// The key that verifies what this one signs.
  public var publicKey: JSONWebKey { JSONWebKey(p256: key.publicKey, keyID: keyID) }

  /// Signs claims.
  ///
  /// - Parameter claims: The payload.
  /// - Returns: `header.payload.signature`.
  /// - Throws: What the cryptographic library throws if it cannot sign.
  public func sign(_ claims: JSONObject) throws -> String {
    let payload = Base64URL.encode(JSONWriter.write(.object(claims)))
    let input = encodedHeader + [UInt8(ascii: ".")] + Array(payload.utf8)
    let signature = try key.signature(for: input)
    return ASCII.string(input) + "." + Base64URL.encode(Array(signature.rawRepresentation))
  }

  /// The key's name; never the key.
  public var description: String { "JWTSigner(\(keyID))" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
