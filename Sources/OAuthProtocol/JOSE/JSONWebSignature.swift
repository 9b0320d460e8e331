import StrictCoding

/// A parsed, not yet verified token in compact form.
///
/// Everything that can be refused without a key is refused here, cheapest first: size, structure, encoding, header.
/// A header may name a key by `kid` only; it can never bring a key or point to one (V-056).
///
/// Conforms to: RFC 7515 §3.1, §5.2; RFC 7519 §7.2; RFC 8725 §3.
public struct JSONWebSignature: Sendable, CustomStringConvertible, CustomReflectable {
  /// The algorithm that the header names. The verifier decides whether the key allows it.
  public let algorithm: JWSAlgorithm
  /// The key's name.
  public let keyID: String?
  /// The kind of token, as it came.
  public let type: String?
  /// The bytes that were signed.
  public let signingInput: [UInt8]
  /// The signature.
  public let signature: [UInt8]
  /// The payload.
  public let claims: JWTClaims

  /// The most bytes that a token may have.
  public static let maximumLength = 16_384

  /// Parses a token.
  ///
  /// - Throws: `JOSEError`, naming the first rule that was broken.
  public init(compact bytes: [UInt8]) throws(JOSEError) {
    guard bytes.count <= Self.maximumLength else { throw .tooLong }
    let dot = UInt8(ascii: ".")
    guard let first = bytes.firstIndex(of: dot), let second = bytes[(first + 1)...].firstIndex(of: dot),
      !bytes[(second + 1)...].contains(dot)
    else { throw .structure }
    let parts = [bytes[..<first], bytes[(first + 1)..<second], bytes[(second + 1)...]]
    guard parts.allSatisfy({ !$0.isEmpty }) else { throw .structure }
    guard let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2])
    else { throw .encoding }
    let fields = try Self.header(header)
    algorithm = fields.algorithm
    keyID = fields.keyID
    type = fields.type
    signingInput = Array(bytes[..<second])
    self.signature = signature
    guard let value = try? JSONReader.parse(payload, limits: .metadata), let object = value.objectValue else {
      throw .payload
    }
    claims = JWTClaims(object)
  }

  /// Parses a token.
  ///
  /// - Throws: `JOSEError`, naming the first rule that was broken.
  public init(compact string: String) throws(JOSEError) { try self.init(compact: Array(string.utf8)) }

  /// True if the header's `typ` is this one; case and an `application/` in front do not count (RFC 7515 §4.1.9).
  public func hasType(_ expected: String) -> Bool {
    guard let type else { return false }
    return Self.mediaType(type) == Self.mediaType(expected)
  }

  /// Algorithm and type; never the token.
  public var description: String { "JWS(\(algorithm.rawValue), ‹redacted›)" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }

  private static func mediaType(_ type: String) -> ByteString {
    let lowered = ASCIICase.lowercased(type.utf8)
    let prefix = Array("application/".utf8)
    return ByteString(lowered.starts(with: prefix) ? Array(lowered.dropFirst(prefix.count)) : lowered)
  }

  private static func header(
    _ bytes: [UInt8]
  ) throws(JOSEError) -> (algorithm: JWSAlgorithm, keyID: String?, type: String?) {
    guard let value = try? JSONReader.parse(bytes, limits: .metadata), let object = value.objectValue else {
      throw .header
    }
    for name in ["crit", "jku", "x5u", "jwk", "x5c", "b64", "zip", "enc"] where object[name] != nil {
      throw .forbiddenHeader(name)
    }
    guard let name = object["alg"]?.stringValue else { throw .header }
    if ASCIICase.lowercased(name) == "none" { throw .unsigned }
    guard let algorithm = JWSAlgorithm(rawValue: name) else { throw .unsupportedAlgorithm }
    return (algorithm, try text("kid", in: object), try text("typ", in: object))
  }

  private static func text(_ name: String, in object: JSONObject) throws(JOSEError) -> String? {
    guard let value = object[name] else { return nil }
    guard let text = value.stringValue, !text.isEmpty, text.utf8.count <= 512 else { throw .header }
    return text
  }
}
