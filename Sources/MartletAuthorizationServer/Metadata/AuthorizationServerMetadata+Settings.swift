import MartletDomain
import OAuthProtocol

extension AuthorizationServerMetadata {
  /// What we say about ourselves (protocol.md §11.4).
  init(of settings: AuthorizationServerSettings) {
    self.init(issuer: settings.issuer)
    let methods: [ClientAuthenticationMethod] = [.none, .clientSecretPost, .clientSecretBasic, .privateKeyJWT]
    let names = methods.map(\.rawValue)
    authorizationEndpoint = settings.issuer + "/authorize"
    tokenEndpoint = settings.issuer + "/token"
    revocationEndpoint = settings.issuer + "/revoke"
    introspectionEndpoint = settings.issuer + "/introspect"
    jwksURI = settings.issuer + "/jwks"
    if settings.registration.acceptsDynamicRegistration { registrationEndpoint = settings.issuer + "/register" }
    clientIDMetadataDocumentSupported = settings.registration.acceptsMetadataDocuments
    authorizationResponseIssParameterSupported = true
    scopesSupported = ScopeCheck.offered.tokens
    responseTypesSupported = ["code"]
    responseModesSupported = ["query"]
    var grants = [GrantType.authorizationCode, .refreshToken, .clientCredentials]
    if settings.deviceGrant.isEnabled {
      grants.append(.deviceCode)
      deviceAuthorizationEndpoint = settings.issuer + "/device_authorization"
    }
    grantTypesSupported = grants.map(\.rawValue)
    codeChallengeMethodsSupported = ["S256"]
    tokenEndpointAuthMethodsSupported = names
    let algorithms = ClientAssertionVerifier.algorithms.map(\.rawValue).sorted()
    tokenEndpointAuthSigningAlgValuesSupported = algorithms
    revocationEndpointAuthMethodsSupported = names
    revocationEndpointAuthSigningAlgValuesSupported = algorithms
    introspectionEndpointAuthMethodsSupported = names.filter { $0 != ClientAuthenticationMethod.none.rawValue }
    introspectionEndpointAuthSigningAlgValuesSupported = algorithms
  }

  /// The same as an OpenID configuration document, which MCP clients read as a second choice.
  ///
  /// Two members are required there (OpenID Connect Discovery 1.0 §3). No ID token is ever issued, as the missing scope
  /// `openid` says; the algorithm is that of our other signatures.
  init(ofProvider settings: AuthorizationServerSettings) {
    self.init(of: settings)
    subjectTypesSupported = ["public"]
    idTokenSigningAlgValuesSupported = [JWSAlgorithm.es256.rawValue]
  }
}
