import Crypto
import StrictCoding

/// What a client says about itself, whether it registers or publishes a document.
///
/// Read tolerantly (protocol.md G1–G6): unknown fields, nulls and empty strings are as if absent; a known field of
/// the wrong type is an error; links that are not https are dropped. Nothing here is verified: a name is a claim.
///
/// Conforms to: RFC 7591 §2, §2.2; OpenID Connect Dynamic Client Registration §2.
public struct ClientMetadata: Sendable, Equatable {
  /// The redirect URIs as they came; `redirectURIs(under:)` checks them.
  public var redirectURIs: [String]
  /// The authentication method asked for; nil leaves the choice to the server (G2).
  public var tokenEndpointAuthMethod: ClientAuthenticationMethod?
  /// The grant types asked for that are known; empty leaves the choice to the server.
  public var grantTypes: [GrantType]
  /// The response types asked for; empty means `code`.
  public var responseTypes: [String]
  /// The name, cleaned for display: no controls, no invisible or direction-changing characters, 100 scalars at most.
  public var clientName: String?
  /// The home page, https.
  public var clientURI: String?
  /// A picture, https. Never to be loaded by a browser from there (V-095).
  public var logoURI: String?
  /// The privacy policy, https.
  public var policyURI: String?
  /// The terms of service, https.
  public var tosURI: String?
  /// Where the client's keys are, https.
  public var jwksURI: String?
  /// The client's keys.
  public var jwks: JSONWebKeySet?
  /// The scope that the client may ask for; unknown tokens are the server's to drop (G6).
  public var scope: ScopeSet
  /// Whom to write to.
  public var contacts: [String]
  /// The software's identifier.
  public var softwareID: String?
  /// The software's version.
  public var softwareVersion: String?
  /// Where the client runs.
  public var applicationType: ApplicationType?
  /// Names and https links in other languages, by the member's full name (`client_name#de`), 32 at most.
  public var localized: [String: String]

  /// Starts from redirect URIs and a name.
  public init(redirectURIs: [String] = [], clientName: String? = nil) {
    self.redirectURIs = redirectURIs
    self.clientName = clientName
    grantTypes = []
    responseTypes = []
    scope = ScopeSet()
    contacts = []
    localized = [:]
  }

  /// Reads the members of a registration request or a client's document.
  ///
  /// - Throws: `OAuthError` with `invalid_client_metadata` (or `invalid_redirect_uri` for too many of them).
  public init(json object: JSONObject) throws(OAuthError) {
    let fields = ClientMetadataFields(object: object)
    redirectURIs = try fields.strings("redirect_uris", limit: 32, error: .invalidRedirectURI)
    tokenEndpointAuthMethod = try Self.method(fields)
    grantTypes = try fields.strings("grant_types", limit: 32).compactMap { GrantType(rawValue: $0) }
    responseTypes = try fields.strings("response_types", limit: 32)
    clientName = try fields.string("client_name").flatMap { DisplayText.cleaned($0) }
    clientURI = try fields.link("client_uri")
    logoURI = try fields.link("logo_uri")
    policyURI = try fields.link("policy_uri")
    tosURI = try fields.link("tos_uri")
    jwksURI = try fields.link("jwks_uri")
    jwks = try fields.keySet("jwks")
    scope = ScopeSet(tolerant: try fields.string("scope"))
    contacts = try fields.strings("contacts", limit: 16).compactMap { DisplayText.cleaned($0) }
    softwareID = try fields.string("software_id").flatMap { DisplayText.cleaned($0) }
    softwareVersion = try fields.string("software_version").flatMap { DisplayText.cleaned($0) }
    applicationType = try fields.string("application_type").flatMap { ApplicationType(rawValue: $0) }
    localized = fields.localized()
  }

  /// Checks the redirect URIs one by one, so that one bad entry need not refuse the rest (G14).
  ///
  /// - Returns: What may be registered, without repetitions, and why the others may not.
  public func redirectURIs(
    under policy: RedirectURIPolicy
  ) -> (accepted: [RedirectURI], refused: [(uri: String, error: RedirectURIError)]) {
    var accepted: [RedirectURI] = []
    var refused: [(uri: String, error: RedirectURIError)] = []
    for string in redirectURIs {
      do {
        let uri = try RedirectURI(registering: string, policy: policy)
        if !accepted.contains(uri) { accepted.append(uri) }
      } catch {
        refused.append((string, error))
      }
    }
    return (accepted, refused)
  }

  /// The members that are set, in a fixed order; nothing is ever null (G4).
  public func json() -> JSONObject {
    var object = JSONObject()
    if !redirectURIs.isEmpty { object["redirect_uris"] = .array(redirectURIs.map { .string($0) }) }
    if let tokenEndpointAuthMethod { object["token_endpoint_auth_method"] = .string(tokenEndpointAuthMethod.rawValue) }
    if !grantTypes.isEmpty { object["grant_types"] = .array(grantTypes.map { .string($0.rawValue) }) }
    if !responseTypes.isEmpty { object["response_types"] = .array(responseTypes.map { .string($0) }) }
    let texts = [
      ("client_name", clientName), ("client_uri", clientURI), ("logo_uri", logoURI), ("policy_uri", policyURI),
      ("tos_uri", tosURI), ("jwks_uri", jwksURI), ("software_id", softwareID), ("software_version", softwareVersion),
      ("application_type", applicationType?.rawValue), ("scope", scope.isEmpty ? nil : scope.string),
    ]
    for case (let name, let text?) in texts { object[name] = .string(text) }
    if let jwks { object["jwks"] = jwks.json() }
    if !contacts.isEmpty { object["contacts"] = .array(contacts.map { .string($0) }) }
    for (name, text) in localized.sorted(by: { $0.key < $1.key }) { object[name] = .string(text) }
    return object
  }

  /// SHA-256 of the members that are set: equal metadata, equal fingerprint (idempotent registration, G7).
  public var fingerprint: [UInt8] { Array(SHA256.hash(data: JSONWriter.write(.object(json())))) }

  private static func method(_ fields: ClientMetadataFields) throws(OAuthError) -> ClientAuthenticationMethod? {
    guard let name = try fields.string("token_endpoint_auth_method") else { return nil }
    guard let method = ClientAuthenticationMethod(rawValue: name) else {
      throw OAuthError(
        .invalidClientMetadata,
        "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt")
    }
    return method
  }
}
