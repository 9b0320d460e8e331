import OAuthProtocol
import StrictCoding
import Testing

@Suite struct ClientRegistrationTests {
  private func register(_ body: String) throws(OAuthError) -> ClientMetadata {
    try ClientRegistrationRequest(parsing: Array(body.utf8)).metadata
  }

  @Test func G_15_pythonSDK2() throws {
    let metadata = try register(
      #"""
      {"response_types":["code"],"scope":"mcp:tools offline_access","client_name":"probe",\#
      "redirect_uris":["http://localhost:3030/callback"],"grant_types":["authorization_code",\#
      "refresh_token"],"application_type":"native"}
      """#
    )
    #expect(metadata.tokenEndpointAuthMethod == nil)
    #expect(metadata.grantTypes == [.authorizationCode, .refreshToken])
    #expect(metadata.scope == ["mcp:tools", "offline_access"])
    #expect(metadata.applicationType == .native)
    #expect(metadata.redirectURIs(under: .default).accepted.count == 1)
  }

  @Test func G_15_codexCLI() throws {
    let metadata = try register(
      #"""
      {"client_name":"Codex","redirect_uris":["http://127.0.0.1:54545/callback"],\#
      "token_endpoint_auth_method":"none","application_type":"native",\#
      "grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"mcp:tools \#
      offline_access"}
      """#
    )
    #expect(metadata.tokenEndpointAuthMethod == ClientAuthenticationMethod.none)
    #expect(metadata.clientName == "Codex")
  }

  @Test func G_15_olderClients() throws {
    let python194 = try register(
      #"""
      {"redirect_uris":["http://localhost:3030/callback"],\#
      "token_endpoint_auth_method":"client_secret_post","grant_types":["authorization_code",\#
      "refresh_token"],"response_types":["code"],"scope":"mcp:tools offline_access","client_name":"old",\#
      "client_uri":null,"logo_uri":null,"contacts":null,"tos_uri":null,"policy_uri":null,\#
      "jwks_uri":null,"jwks":null,"software_id":null,"software_version":null}
      """#
    )
    #expect(python194.tokenEndpointAuthMethod == .clientSecretPost)
    let fastMCP = try register(
      #"""
      {"redirect_uris":["http://localhost:40001/callback"],"token_endpoint_auth_method":"none",\#
      "grant_types":["authorization_code","refresh_token"],"response_types":["code"],\#
      "client_name":"FastMCP Client"}
      """#
    )
    #expect(fastMCP.tokenEndpointAuthMethod == ClientAuthenticationMethod.none)
  }

  @Test func G_14_cursorRegistersWhatItMay() throws {
    let metadata = try register(
      #"""
      {"client_name":"Cursor","redirect_uris":["http://localhost:8787/callback",\#
      "cursor://anysphere.cursor-mcp/oauth/callback","https://www.cursor.com/agents/mcp/oauth/callback",\#
      "evil://x/y","cursor://anysphere.cursor-mcp/oauth/callback"]}
      """#
    )
    let checked = metadata.redirectURIs(under: .default)
    #expect(checked.accepted.count == 3)
    #expect(checked.refused.map(\.error) == [.schemeNotAllowed])
  }

  @Test func G_06_strangeFieldsAreIgnored() throws {
    let metadata = try register(
      #"""
      {"redirect_uris":["https://a.example/cb"],"software_statement":"x.y.z","roles":["admin"],\#
      "tenant":"t","first_party":true,"scope":"a b\" c","grant_types":["authorization_code","urn:x"],\#
      "application_type":"desktop","client_name":"","future":{"a":[1]}}
      """#
    )
    #expect(metadata.scope == ["a", "c"])
    #expect(metadata.grantTypes == [.authorizationCode])
    #expect(metadata.applicationType == nil && metadata.clientName == nil)
    #expect(!text(JSONWriter.write(.object(metadata.json()))).contains("roles"))
  }

  @Test(arguments: [
    "", "[]", "null", "{", #"{"redirect_uris":"https://a.example"}"#, #"{"redirect_uris":[1]}"#, #"{"client_name":{}}"#,
    #"{"scope":["a"]}"#,
    #"{"grant_types":"authorization_code"}"#, #"{"token_endpoint_auth_method":"tls_client_auth"}"#,
    #"{"token_endpoint_auth_method":1}"#,
    #"{"jwks":[]}"#, #"{"jwks":{"keys":1}}"#, #"{"contacts":"a@b"}"#, #"{"logo_uri":1}"#,
    #"{"client_name":"a","client_name":"b"}"#,
  ])
  func wrongTypes(_ body: String) {
    do {
      _ = try register(body)
      Issue.record("accepted \(body)")
    } catch { #expect(error.code == .invalidClientMetadata) }
  }

  @Test func tooManyRedirectURIs() {
    let uris = (0..<33).map { "\"https://a.example/\($0)\"" }.joined(separator: ",")
    #expect(throws: OAuthError.self) { try register("{\"redirect_uris\":[\(uris)]}") }
  }

  @Test func V_050e_linksAreHTTPSOnly() throws {
    let metadata = try register(
      #"""
      {"client_uri":"javascript:alert(1)","logo_uri":"http://a.example/l.png",\#
      "policy_uri":"https://a.example/p","tos_uri":"data:x","jwks_uri":"https://u@a.example/",\#
      "logo_uri#de":"JaVaScRiPt:x","policy_uri#de":"https://a.example/de","client_name#de":"N\u00e4me",\#
      "client_name#<b>":"x","jwks_uri#de":"https://a.example/"}
      """#
    )
    #expect(metadata.clientURI == nil && metadata.logoURI == nil && metadata.tosURI == nil && metadata.jwksURI == nil)
    #expect(metadata.policyURI == "https://a.example/p")
    #expect(metadata.localized == ["policy_uri#de": "https://a.example/de", "client_name#de": "N\u{E4}me"])
  }

  @Test func S_02_namesAreCleaned() throws {
    let metadata = try register(#"{"client_name":" \u202eevil\r\nname\u200b\u0000\u2066 "}"#)
    #expect(metadata.clientName == "evil name")
    let long = try register("{\"client_name\":\"\(String(repeating: "x", count: 5000))\"}")
    #expect(long.clientName?.unicodeScalars.count == 100)
  }

  @Test func G_04_responsesHaveNoNulls() throws {
    var metadata = ClientMetadata(redirectURIs: ["http://localhost/cb"], clientName: "x")
    metadata.tokenEndpointAuthMethod = ClientAuthenticationMethod.none
    let body = text(ClientRegistrationResponse(clientID: "c1", clientIDIssuedAt: 7, metadata: metadata).json())
    #expect(
      body
        == #"""
        {"client_id":"c1","client_id_issued_at":7,"redirect_uris":["http://localhost/cb"],\#
        "token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],\#
        "response_types":["code"],"client_name":"x"}
        """#
    )
    let value = try json(
      text(ClientRegistrationResponse(clientID: "c", clientSecret: "s", metadata: ClientMetadata()).json()))
    #expect(value["client_secret_expires_at"] == 0)
  }

  @Test func G_05_ourOwnRegistrationsAreChecked() throws {
    #expect(throws: OAuthError.self) { try ClientRegistrationResponse(json: json("{}")) }
    #expect(throws: OAuthError.self) {
      try ClientRegistrationResponse(
        json: json(#"{"client_id":"a","token_endpoint_auth_method":"client_secret_post"}"#))
    }
    let response = try ClientRegistrationResponse(
      json: json(#"{"client_id":"a","client_secret":"s","client_id_issued_at":1e300,"client_secret_expires_at":-3}"#))
    #expect(response.clientSecret == "s" && response.clientIDIssuedAt == nil && response.clientSecretExpiresAt == 0)
    #expect("\(response)" == "‹redacted›")
  }

  @Test func G_07_fingerprintsFollowTheMetadata() throws {
    let one = try register(#"{"client_name":"a","redirect_uris":["http://localhost/cb"]}"#)
    let same = try register(#"{"redirect_uris":["http://localhost/cb"],"client_name":"a","unknown":1,"logo_uri":null}"#)
    let other = try register(#"{"client_name":"a","redirect_uris":["http://localhost/cb2"]}"#)
    #expect(one.fingerprint == same.fingerprint)
    #expect(one.fingerprint != other.fingerprint)
  }
}
