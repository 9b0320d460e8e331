extension AuthorizationServerMetadata {
  /// The wire name of a property, in the order of emission.
  struct Member<Value> {
    let name: String
    let path: WritableKeyPath<AuthorizationServerMetadata, Value>
  }

  static var endpoints: [Member<String?>] {
    [
      Member(name: "authorization_endpoint", path: \.authorizationEndpoint),
      Member(name: "token_endpoint", path: \.tokenEndpoint),
      Member(name: "device_authorization_endpoint", path: \.deviceAuthorizationEndpoint),
      Member(name: "registration_endpoint", path: \.registrationEndpoint),
      Member(name: "revocation_endpoint", path: \.revocationEndpoint),
      Member(name: "introspection_endpoint", path: \.introspectionEndpoint),
      Member(name: "userinfo_endpoint", path: \.userinfoEndpoint),
      Member(name: "end_session_endpoint", path: \.endSessionEndpoint),
      Member(name: "jwks_uri", path: \.jwksURI),
    ]
  }

  static var lists: [Member<[String]?>] {
    [
      Member(name: "scopes_supported", path: \.scopesSupported),
      Member(name: "response_types_supported", path: \.responseTypesSupported),
      Member(name: "response_modes_supported", path: \.responseModesSupported),
      Member(name: "grant_types_supported", path: \.grantTypesSupported),
      Member(name: "token_endpoint_auth_methods_supported", path: \.tokenEndpointAuthMethodsSupported),
      Member(
        name: "token_endpoint_auth_signing_alg_values_supported", path: \.tokenEndpointAuthSigningAlgValuesSupported),
      Member(name: "revocation_endpoint_auth_methods_supported", path: \.revocationEndpointAuthMethodsSupported),
      Member(
        name: "revocation_endpoint_auth_signing_alg_values_supported",
        path: \.revocationEndpointAuthSigningAlgValuesSupported),
      Member(name: "introspection_endpoint_auth_methods_supported", path: \.introspectionEndpointAuthMethodsSupported),
      Member(
        name: "introspection_endpoint_auth_signing_alg_values_supported",
        path: \.introspectionEndpointAuthSigningAlgValuesSupported),
      Member(name: "code_challenge_methods_supported", path: \.codeChallengeMethodsSupported),
      Member(name: "authorization_grant_profiles_supported", path: \.authorizationGrantProfilesSupported),
      Member(name: "subject_types_supported", path: \.subjectTypesSupported),
      Member(name: "id_token_signing_alg_values_supported", path: \.idTokenSigningAlgValuesSupported),
      Member(name: "claims_supported", path: \.claimsSupported),
    ]
  }
}
