import StrictCoding

/// What a protected resource says about itself: which authorization servers it trusts and which scope it knows.
///
/// Conforms to: RFC 9728 §2, §3.2; MCP 2026-07-28 Authorization Server Location.
public struct ProtectedResourceMetadata: Sendable, Equatable {
  /// The resource identifier, exactly as clients type it (protocol.md D12).
  public var resource: String
  /// Issuers of authorization servers.
  public var authorizationServers: [String]
  /// Scope to ask for where no challenge named any. `offline_access` does not belong here.
  public var scopesSupported: [String]?
  /// How a token may be presented.
  public var bearerMethodsSupported: [String]?
  /// A name for people.
  public var resourceName: String?
  /// Documentation for people.
  public var resourceDocumentation: String?
  /// The resource's own keys.
  public var jwksURI: String?

  /// Makes the document of one of our routes.
  public init(
    resource: String, authorizationServers: [String], scopesSupported: [String]? = nil, resourceName: String? = nil,
    resourceDocumentation: String? = nil
  ) {
    self.resource = resource
    self.authorizationServers = authorizationServers
    self.scopesSupported = scopesSupported
    bearerMethodsSupported = ["header"]
    self.resourceName = resourceName
    self.resourceDocumentation = resourceDocumentation
  }

  /// Reads the document of another resource.
  ///
  /// The caller compares `resource` with what it asked for before it believes anything else (RFC 9728 §3.3).
  ///
  /// - Throws: `MetadataError`; `resource` is required, `authorization_servers` may be missing.
  public init(json: JSONValue) throws(MetadataError) {
    let fields = try MetadataFields(json)
    resource = try fields.required(try fields.url("resource"), "resource")
    authorizationServers = try fields.strings("authorization_servers") ?? []
    for server in authorizationServers {
      guard (try? AbsoluteURL(parsing: server)) != nil else { throw .malformed("authorization_servers") }
    }
    scopesSupported = try fields.strings("scopes_supported")
    bearerMethodsSupported = try fields.strings("bearer_methods_supported")
    resourceName = try fields.string("resource_name")
    resourceDocumentation = try fields.string("resource_documentation")
    jwksURI = try fields.url("jwks_uri")
  }

  /// The JSON document.
  public func json() -> [UInt8] {
    var object: JSONObject = ["resource": .string(resource)]
    object["authorization_servers"] = .array(authorizationServers.map { .string($0) })
    if let scopesSupported, !scopesSupported.isEmpty {
      object["scopes_supported"] = .array(scopesSupported.map { .string($0) })
    }
    if let bearerMethodsSupported {
      object["bearer_methods_supported"] = .array(bearerMethodsSupported.map { .string($0) })
    }
    if let resourceName { object["resource_name"] = .string(resourceName) }
    if let resourceDocumentation { object["resource_documentation"] = .string(resourceDocumentation) }
    if let jwksURI { object["jwks_uri"] = .string(jwksURI) }
    return JSONWriter.write(.object(object))
  }
}
