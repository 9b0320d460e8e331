import OAuthProtocol
import StrictCoding
import Testing

@Suite struct MetadataTests {
  private var ours: AuthorizationServerMetadata {
    var metadata = AuthorizationServerMetadata(issuer: "https://gw.example")
    metadata.authorizationEndpoint = "https://gw.example/authorize"
    metadata.tokenEndpoint = "https://gw.example/token"
    metadata.registrationEndpoint = "https://gw.example/register"
    metadata.revocationEndpoint = "https://gw.example/revoke"
    metadata.jwksURI = "https://gw.example/jwks"
    metadata.responseTypesSupported = ["code"]
    metadata.grantTypesSupported = ["authorization_code", "refresh_token", "client_credentials"]
    metadata.codeChallengeMethodsSupported = ["S256"]
    metadata.tokenEndpointAuthMethodsSupported = ClientAuthenticationMethod.allCases.map(\.rawValue)
    metadata.tokenEndpointAuthSigningAlgValuesSupported = ["ES256"]
    metadata.scopesSupported = ["mcp:tools", "offline_access"]
    metadata.clientIDMetadataDocumentSupported = true
    metadata.authorizationResponseIssParameterSupported = true
    return metadata
  }

  @Test func section11_4_membersAreEmitted() throws {
    let value = try JSONReader.parse(ours.json())
    #expect(value["issuer"]?.stringValue == "https://gw.example")
    #expect(value["code_challenge_methods_supported"] == ["S256"])
    #expect(value["response_types_supported"] == ["code"])
    #expect(value["client_id_metadata_document_supported"] == true)
    #expect(value["authorization_response_iss_parameter_supported"] == true)
    #expect(value["request_uri_parameter_supported"] == false)
    #expect(
      value["token_endpoint_auth_methods_supported"]
        == ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
    #expect(value["userinfo_endpoint"] == nil)
    #expect(!text(ours.json()).contains("null"))
  }

  @Test func roundTrip() throws {
    #expect(try AuthorizationServerMetadata(json: JSONReader.parse(ours.json())) == ours)
    let resource = ProtectedResourceMetadata(
      resource: "https://gw.example/time/mcp", authorizationServers: ["https://gw.example"],
      scopesSupported: ["mcp:tools"],
      resourceName: "time")
    #expect(try ProtectedResourceMetadata(json: JSONReader.parse(resource.json())) == resource)
  }

  @Test(arguments: [
    "[]", "{}", #"{"issuer":null}"#, #"{"issuer":1}"#, #"{"issuer":"not a url"}"#, #"{"issuer":"https://a.example#x"}"#,
    #"{"issuer":"https://a.example","token_endpoint":"javascript:alert(1)"}"#,
    #"{"issuer":"https://a.example","authorization_endpoint":"https://u@evil.example/"}"#,
    #"{"issuer":"https://a.example","token_endpoint":["https://a.example"]}"#,
    #"{"issuer":"https://a.example","code_challenge_methods_supported":"S256"}"#,
    #"{"issuer":"https://a.example","scopes_supported":[1]}"#,
  ])
  func hostileServers(_ body: String) throws {
    let value = try json(body)
    #expect(throws: MetadataError.self) { try AuthorizationServerMetadata(json: value) }
  }

  @Test func tolerance() throws {
    let value = try json(
      #"""
      {"issuer":"https://a.example/","token_endpoint":null,"registration_endpoint":"","x":{},\#
      "authorization_response_iss_parameter_supported":"true"}
      """#
    )
    let metadata = try AuthorizationServerMetadata(json: value)
    #expect(metadata.issuer == "https://a.example/")
    #expect(metadata.tokenEndpoint == nil && metadata.registrationEndpoint == nil)
    #expect(!metadata.authorizationResponseIssParameterSupported)
    #expect(!metadata.supportsS256)
  }

  @Test func resourcesWithoutServersAreReadable() throws {
    #expect(
      try ProtectedResourceMetadata(json: json(#"{"resource":"https://a.example/mcp"}"#)).authorizationServers.isEmpty)
    for bad in [
      #"{}"#, #"{"resource":1}"#, #"{"resource":"https://a.example","authorization_servers":["file:///x"]}"#,
      #"{"resource":"https://a.example","authorization_servers":"https://a.example"}"#,
    ] {
      let value = try json(bad)
      #expect(throws: MetadataError.self) { try ProtectedResourceMetadata(json: value) }
    }
  }
}
