import StrictCoding

/// What an authorization server (or OpenID provider) says about itself.
///
/// Conforms to: RFC 8414 §2; RFC 9207 §3; OpenID Connect Discovery 1.0 §3; Client ID Metadata Document draft-00 §5;
/// MCP 2026-07-28 Authorization Server Metadata Discovery; protocol.md §11.4.
public struct AuthorizationServerMetadata: Sendable, Equatable {
  /// The issuer; compared byte by byte with what was expected (RFC 8414 §3.3).
  public var issuer: String
  /// Where the browser goes.
  public var authorizationEndpoint: String?
  /// Where codes become tokens.
  public var tokenEndpoint: String?
  /// Where programs without a browser begin (RFC 8628 §4).
  public var deviceAuthorizationEndpoint: String?
  /// Where clients register.
  public var registrationEndpoint: String?
  /// Where tokens are revoked.
  public var revocationEndpoint: String?
  /// Where tokens are looked up.
  public var introspectionEndpoint: String?
  /// Where an OpenID provider tells about the user.
  public var userinfoEndpoint: String?
  /// Where an OpenID provider logs the user out.
  public var endSessionEndpoint: String?
  /// Where the signing keys are.
  public var jwksURI: String?
  /// Documentation for people.
  public var serviceDocumentation: String?
  /// The scope that may be asked for.
  public var scopesSupported: [String]?
  /// The response types offered.
  public var responseTypesSupported: [String]?
  /// The response modes offered.
  public var responseModesSupported: [String]?
  /// The grant types offered.
  public var grantTypesSupported: [String]?
  /// The client authentication methods of the token endpoint.
  public var tokenEndpointAuthMethodsSupported: [String]?
  /// The algorithms of client assertions.
  public var tokenEndpointAuthSigningAlgValuesSupported: [String]?
  /// The client authentication methods of the revocation endpoint.
  public var revocationEndpointAuthMethodsSupported: [String]?
  /// The algorithms of client assertions there; required beside `private_key_jwt` (RFC 8414 §2).
  public var revocationEndpointAuthSigningAlgValuesSupported: [String]?
  /// The client authentication methods of the introspection endpoint.
  public var introspectionEndpointAuthMethodsSupported: [String]?
  /// The algorithms of client assertions there; required beside `private_key_jwt` (RFC 8414 §2).
  public var introspectionEndpointAuthSigningAlgValuesSupported: [String]?
  /// The PKCE methods; a client refuses a server that does not list `S256`.
  public var codeChallengeMethodsSupported: [String]?
  /// Whether a URL may be a client id.
  public var clientIDMetadataDocumentSupported: Bool
  /// Whether `iss` comes with every authorization response.
  public var authorizationResponseIssParameterSupported: Bool
  /// The authorization grant profiles offered (ID-JAG).
  public var authorizationGrantProfilesSupported: [String]?
  /// The subject types of an OpenID provider.
  public var subjectTypesSupported: [String]?
  /// The algorithms of ID tokens.
  public var idTokenSigningAlgValuesSupported: [String]?
  /// The claims that an OpenID provider may send.
  public var claimsSupported: [String]?

  /// Starts from an issuer; everything else is absent or false.
  public init(issuer: String) {
    self.issuer = issuer
    clientIDMetadataDocumentSupported = false
    authorizationResponseIssParameterSupported = false
  }

  /// Reads the document of another server.
  ///
  /// The caller compares `issuer` with what it expected before it believes anything else.
  ///
  /// - Throws: `MetadataError`; only `issuer` is required, known members must have their type.
  public init(json: JSONValue) throws(MetadataError) {
    let fields = try MetadataFields(json)
    self.init(issuer: try fields.required(try fields.url("issuer"), "issuer"))
    for member in Self.endpoints { self[keyPath: member.path] = try fields.url(member.name) }
    for member in Self.lists { self[keyPath: member.path] = try fields.strings(member.name) }
    serviceDocumentation = try fields.string("service_documentation")
    clientIDMetadataDocumentSupported = fields.flag("client_id_metadata_document_supported")
    authorizationResponseIssParameterSupported = fields.flag("authorization_response_iss_parameter_supported")
  }

  /// The JSON document. `request` and `request_uri` are always said to be unsupported (V-057).
  public func json() -> [UInt8] {
    var object: JSONObject = ["issuer": .string(issuer)]
    for member in Self.endpoints {
      if let url = self[keyPath: member.path] { object[member.name] = .string(url) }
    }
    if let serviceDocumentation { object["service_documentation"] = .string(serviceDocumentation) }
    for member in Self.lists {
      if let list = self[keyPath: member.path] { object[member.name] = .array(list.map { .string($0) }) }
    }
    object["client_id_metadata_document_supported"] = .bool(clientIDMetadataDocumentSupported)
    object["authorization_response_iss_parameter_supported"] = .bool(authorizationResponseIssParameterSupported)
    object["request_parameter_supported"] = false
    object["request_uri_parameter_supported"] = false
    return JSONWriter.write(.object(object))
  }

  /// True if the server can be used with PKCE S256, which MCP clients must insist on.
  public var supportsS256: Bool { codeChallengeMethodsSupported?.contains("S256") ?? false }
}
