import MartletDomain
import OAuthProtocol
import StrictCoding

/// What a registration request amounts to, once the server has made its choices. Nothing has been stored yet.
///
/// Only what is named here is ever taken over from the request: no tenant, no role, no audience, no server list
/// (V-059).
struct RegistrationPlan: Sendable {
  /// What is stored and echoed.
  let metadata: ClientMetadata
  /// The redirect URIs that were taken.
  let redirectURIs: [RedirectURI]
  /// How the client will authenticate.
  let method: ClientAuthenticationMethod

  /// Makes the choices.
  ///
  /// - Throws: `OAuthError` with `invalid_redirect_uri` or `invalid_client_metadata`.
  init(_ requested: ClientMetadata, settings: AuthorizationServerSettings) throws(OAuthError) {
    redirectURIs = try RedirectURIAdmission(settings).admitted(of: requested)
    method = try Self.method(requested, redirectURIs)
    if requested.jwks != nil, requested.jwksURI != nil {
      throw OAuthError(.invalidClientMetadata, "jwks and jwks_uri must not stand together")
    }
    if !requested.responseTypes.isEmpty, !requested.responseTypes.contains("code") {
      throw OAuthError(.invalidClientMetadata, "response_types must contain code")
    }
    if !requested.grantTypes.isEmpty, !requested.grantTypes.contains(.authorizationCode) {
      throw OAuthError(.invalidClientMetadata, "grant_types must contain authorization_code")
    }
    var metadata = requested
    metadata.redirectURIs = redirectURIs.map(\.string)
    metadata.tokenEndpointAuthMethod = method
    metadata.grantTypes = [.authorizationCode, .refreshToken]
    metadata.responseTypes = ["code"]
    metadata.scope = requested.scope.isEmpty ? ScopeSet() : Self.scope(requested.scope)
    self.metadata = metadata
  }

  /// Whether the same request may be answered with the same client (G7): public ones only, since a secret is never
  /// issued twice.
  ///
  /// The fingerprint covers the redirect URIs byte by byte, loopback ports included: a client that registers a new port
  /// each time is a new client each time, and the old one goes when it was never used.
  var fingerprint: [UInt8]? { method == .none ? metadata.fingerprint : nil }

  /// The client, with the credentials that were drawn for it.
  func client(id: ClientID, secret: Secret?, from network: NetworkPrefix, at now: Timestamp) -> RegisteredClient {
    RegisteredClient(
      id: id, origin: .dynamicRegistration, name: metadata.clientName ?? redirectURIs.first?.host ?? "An app",
      redirectURIs: redirectURIs, grantTypes: [.authorizationCode, .refreshToken], authenticationMethod: method,
      secretDigests: secret.map { [ArtefactKind.clientSecret.digest($0)] } ?? [],
      keySet: metadata.jwks.map { JSONWriter.write($0.json()) }, keySetURI: metadata.jwksURI, fingerprint: fingerprint,
      network: network, createdAt: now)
  }

  /// Unknown scope is dropped, never refused (G6).
  private static func scope(_ requested: ScopeSet) -> ScopeSet {
    ScopeSet([ScopeCheck.resourceScope]).union(ScopeCheck.offered.intersection(requested))
  }

  /// A method that was asked for is echoed (G1, G3). Otherwise a client with any native redirect URI is public, since
  /// it can't keep a secret, and a web client gets one for Basic (G2).
  private static func method(
    _ requested: ClientMetadata, _ redirectURIs: [RedirectURI]
  ) throws(OAuthError) -> ClientAuthenticationMethod {
    guard let method = requested.tokenEndpointAuthMethod else {
      let isNative = requested.applicationType == .native || redirectURIs.contains { $0.isNative }
      return isNative ? .none : .clientSecretBasic
    }
    if method == .privateKeyJWT, requested.jwks?.keys.isEmpty ?? true, requested.jwksURI == nil {
      throw OAuthError(.invalidClientMetadata, "private_key_jwt needs jwks or jwks_uri")
    }
    return method
  }
}
