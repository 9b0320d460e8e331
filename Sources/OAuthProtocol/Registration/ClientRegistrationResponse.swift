import StrictCoding

/// The answer to a successful registration. It may hold a secret and prints as `‹redacted›`.
///
/// Conforms to: RFC 7591 §3.2.1; protocol.md G3, G4 (everything chosen is echoed, nothing is null).
public struct ClientRegistrationResponse: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The identifier.
  public var clientID: String
  /// The secret, for clients that authenticate with one.
  public var clientSecret: String?
  /// Seconds since 1970.
  public var clientIDIssuedAt: Int64?
  /// Seconds since 1970; 0 for never. Sent only along with a secret.
  public var clientSecretExpiresAt: Int64
  /// What was registered, which may differ from what was asked for.
  public var metadata: ClientMetadata

  /// Puts an answer together.
  public init(
    clientID: String, clientSecret: String? = nil, clientIDIssuedAt: Int64? = nil, clientSecretExpiresAt: Int64 = 0,
    metadata: ClientMetadata
  ) {
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.clientIDIssuedAt = clientIDIssuedAt
    self.clientSecretExpiresAt = clientSecretExpiresAt
    self.metadata = metadata
  }

  /// Reads the answer of another server.
  ///
  /// - Throws: `OAuthError` with `invalid_client_metadata` if there is no `client_id`, or no secret where the method
  ///   needs one (G5).
  public init(json: JSONValue) throws(OAuthError) {
    guard let object = json.objectValue, let clientID = object["client_id"]?.stringValue, !clientID.isEmpty else {
      throw OAuthError(.invalidClientMetadata, "the registration response has no client_id")
    }
    self.clientID = clientID
    clientSecret = object["client_secret"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    clientIDIssuedAt = object["client_id_issued_at"]?.int64Value
    clientSecretExpiresAt = max(0, object["client_secret_expires_at"]?.int64Value ?? 0)
    metadata = try ClientMetadata(json: object)
    if metadata.tokenEndpointAuthMethod?.usesSharedSecret == true, clientSecret == nil {
      throw OAuthError(.invalidClientMetadata, "the registration response has no client_secret")
    }
  }

  /// The JSON body. Response types default to `code`, so that strict readers find them.
  public func json() -> [UInt8] {
    var object: JSONObject = ["client_id": .string(clientID)]
    if let clientSecret {
      object["client_secret"] = .string(clientSecret)
      object["client_secret_expires_at"] = .number(JSONNumber(clientSecretExpiresAt))
    }
    if let clientIDIssuedAt { object["client_id_issued_at"] = .number(JSONNumber(clientIDIssuedAt)) }
    var metadata = metadata
    if metadata.grantTypes.isEmpty { metadata.grantTypes = [.authorizationCode, .refreshToken] }
    if metadata.responseTypes.isEmpty, metadata.grantTypes.contains(.authorizationCode) {
      metadata.responseTypes = ["code"]
    }
    for (key, value) in metadata.json().members { object[key] = value }
    return JSONWriter.write(.object(object))
  }

  /// `‹redacted›`.
  public var description: String { "‹redacted›" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
