import StrictCoding

/// Public keys as a server or client publishes them.
///
/// Conforms to: RFC 7517 §5.
public struct JSONWebKeySet: Sendable, Equatable {
  /// The usable keys in order.
  public let keys: [JSONWebKey]

  /// The most keys that a set may have.
  public static let maximumKeys = 100

  /// Wraps keys of our own.
  public init(_ keys: [JSONWebKey]) { self.keys = keys }

  /// Reads a set; keys that are unusable here are ignored (RFC 7517 §5).
  ///
  /// - Throws: `JOSEError.keySet` if it is not a set, or has more than 100 keys.
  public init(json: JSONValue) throws(JOSEError) {
    guard let values = json["keys"]?.arrayValue, values.count <= Self.maximumKeys else { throw .keySet }
    keys = values.compactMap { try? JSONWebKey(json: $0) }
  }

  /// Reads a set from bytes.
  ///
  /// - Throws: `JOSEError.keySet` if it is not strict JSON of at most 64 KiB, not a set, or has more than 100 keys.
  public init(parsing bytes: [UInt8]) throws(JOSEError) {
    guard let value = try? JSONReader.parse(bytes, limits: .metadata) else { throw .keySet }
    try self.init(json: value)
  }

  /// The keys that may verify a token: by name if it names one, otherwise all that allow its algorithm.
  public func candidates(for token: JSONWebSignature) -> [JSONWebKey] {
    let allowed = keys.filter { $0.allows(token.algorithm) }
    guard let keyID = token.keyID.map({ ByteString($0) }) else { return allowed }
    return allowed.filter { $0.keyID.map { ByteString($0) } == keyID }
  }

  /// The public form.
  public func json() -> JSONValue { .object(["keys": .array(keys.map { $0.json() })]) }
}
