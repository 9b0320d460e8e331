/// The challenge by which a protected resource tells a client where and for what to authorize.
///
/// Conforms to: RFC 6750 §3; RFC 9728 §5.1; MCP 2026-07-28 Authorization, Scope Challenge Handling.
public struct BearerChallenge: Sendable, Equatable, CustomStringConvertible {
  /// Where the protected resource metadata is.
  public var resourceMetadata: String?
  /// The scope that the operation needs.
  public var scope: ScopeSet?
  /// What was wrong. Leave it out when the request carried no credentials (RFC 6750 §3.1, protocol.md D7).
  public var error: OAuthErrorCode?
  /// A sentence on what was wrong.
  public var errorDescription: String?
  /// A protection space, as some servers send it.
  public var realm: String?

  /// Puts a challenge together.
  public init(
    resourceMetadata: String? = nil, scope: ScopeSet? = nil, error: OAuthErrorCode? = nil,
    errorDescription: String? = nil, realm: String? = nil
  ) {
    self.resourceMetadata = resourceMetadata
    self.scope = scope
    self.error = error
    self.errorDescription = errorDescription
    self.realm = realm
  }

  /// Finds the first `Bearer` challenge of a response.
  ///
  /// - Parameter fields: The values of all `WWW-Authenticate` fields in order.
  /// - Returns: Nil if there is none.
  public init?(fields: [String]) {
    guard let challenge = AuthenticationChallenge.parse(fields).first(where: { $0.scheme == "bearer" }) else {
      return nil
    }
    resourceMetadata = challenge["resource_metadata"]
    scope = challenge["scope"].map { ScopeSet(tolerant: $0) }
    error = challenge["error"].flatMap { OAuthErrorCode(rawValue: $0) }
    errorDescription = challenge["error_description"]
    realm = challenge["realm"]
  }

  /// The value of the `WWW-Authenticate` field; printable ASCII whatever the properties hold.
  public var string: String {
    var parts: [String] = []
    if let realm { parts.append("realm=\(Self.quoted(realm))") }
    if let resourceMetadata { parts.append("resource_metadata=\(Self.quoted(resourceMetadata))") }
    if let scope, !scope.isEmpty { parts.append("scope=\(Self.quoted(scope.string))") }
    if let error { parts.append("error=\(Self.quoted(error.rawValue))") }
    if let errorDescription {
      parts.append("error_description=\(Self.quoted(OAuthError.sanitized(errorDescription)))")
    }
    return parts.isEmpty ? "Bearer" : "Bearer \(parts.joined(separator: ", "))"
  }

  /// The value of the field.
  public var description: String { string }

  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0x20...0x7E: bytes.append(byte)
      // Never a CR or LF: they would end the field.
      default: bytes.append(UInt8(ascii: "?"))
      }
    }
    return ASCII.string(bytes + [UInt8(ascii: "\"")])
  }
}
