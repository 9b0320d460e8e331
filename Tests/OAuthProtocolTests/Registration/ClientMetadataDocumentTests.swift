import OAuthProtocol
import StrictCoding
import Testing

@Suite struct ClientMetadataDocumentTests {
  private let id = "https://claude.ai/oauth/claude-code-client-metadata"

  private func parse(_ body: String, id: String? = nil) throws -> ClientMetadataDocument {
    try ClientMetadataDocument(parsing: Array(body.utf8), from: ClientIDMetadataURL(parsing: id ?? self.id))
  }

  @Test(arguments: [
    "https://claude.ai/oauth/mcp-oauth-client-metadata", "https://claude.ai/oauth/claude-code-client-metadata",
    "https://vscode.dev/oauth/client-metadata.json", "https://chatgpt.com/oauth/client.json",
    "https://chatgpt.com/oauth/codex/client.json",
    "https://opencode.ai/oauth/opencode/client.json", "https://a.example:8443/x?y=1",
  ])
  func realIdentifiers(_ string: String) throws {
    #expect(try ClientIDMetadataURL(parsing: string).string == string)
  }

  @Test(arguments: [
    "https://claude.ai", "https://claude.ai/", "https://claude.ai?x", "http://a.example/x", "http://127.0.0.1/x",
    "https://u@a.example/x",
    "https://a.example/x#", "https://a.example/x#y", "https://a.example/../x", "https://a.example/%2e%2e/x",
    "https://a.example/./x",
    "https://a.example\\@evil.example/x", "https://2130706433/x", "https://0x7f.1/x", "ftp://a.example/x", "client-1",
    "", "https:x",
    "https://a.example/\u{E9}", "https://a.example/a b",
  ])
  func G_12_V_094_otherIdentifiers(_ string: String) {
    do {
      _ = try ClientIDMetadataURL(parsing: string)
      Issue.record("accepted \(string)")
    } catch { #expect(error.code == .invalidClient) }
  }

  @Test func loopbackIsForTestsOnly() throws {
    #expect(try ClientIDMetadataURL(parsing: "http://127.0.0.1:9/x", allowsLoopbackHTTP: true).host == "127.0.0.1")
    #expect(throws: OAuthError.self) {
      try ClientIDMetadataURL(parsing: "http://a.example/x", allowsLoopbackHTTP: true)
    }
  }

  @Test func documentsOfRealClients() throws {
    let document = try parse(
      #"""
      {"client_id":"https://claude.ai/oauth/claude-code-client-metadata","client_name":"Claude Code",\#
      "client_uri":"https://claude.ai","redirect_uris":["http://localhost/callback",\#
      "http://127.0.0.1/callback"],"grant_types":["authorization_code","refresh_token"],\#
      "response_types":["code"],"token_endpoint_auth_method":"none"}
      """#
    )
    #expect(document.metadata.tokenEndpointAuthMethod == ClientAuthenticationMethod.none)
    let uris = document.metadata.redirectURIs(under: .default).accepted
    #expect(uris.contains { $0.matches("http://localhost:53123/callback") })
  }

  @Test func privateKeyJWTNeedsKeys() throws {
    let base =
      #"""
      "client_id":"\#(id)","client_name":"a","redirect_uris":["https://a.example/cb"],\#
      "token_endpoint_auth_method":"private_key_jwt"
      """#
    #expect(throws: OAuthError.self) { try parse("{\(base)}") }
    #expect(try parse("{\(base),\"jwks_uri\":\"https://a.example/k\"}").metadata.jwksURI == "https://a.example/k")
    #expect(throws: OAuthError.self) { try parse("{\(base),\"jwks_uri\":\"http://a.example/k\"}") }
    #expect(throws: OAuthError.self) { try parse("{\(base),\"jwks\":{\"keys\":[]}}") }
    let both = #""jwks_uri":"https://a.example/k","jwks":{"keys":[]}"#
    #expect(throws: OAuthError.self) { try parse("{\(base),\(both)}") }
  }

  @Test func V_094_documentsThatLie() throws {
    let name = #""client_name":"a""#
    let uris = #""redirect_uris":["https://a.example/cb"]"#
    let own = #""client_id":"\#(id)""#
    let bodies = [
      "", "[]", "{}", "<html>", "{\(own)}", "{\(own),\(name)}", "{\(own),\(uris)}", "{\(name),\(uris)}",
      "{\"client_id\":\"\(id)/\",\(name),\(uris)}",
      "{\"client_id\":\"HTTPS://claude.ai/oauth/claude-code-client-metadata\",\(name),\(uris)}",
      "{\"client_id\":\"https://evil.example/x\",\(name),\(uris)}", "{\(own),\(own),\(name),\(uris)}",
      "{\(own),\(name),\"redirect_uris\":[]}",
      "{\(own),\(name),\(uris),\"client_secret\":\"s\"}", "{\(own),\(name),\(uris),\"client_secret\":null}",
      "{\(own),\(name),\(uris),\"client_secret_expires_at\":0}",
      "{\(own),\(name),\(uris),\"token_endpoint_auth_method\":\"client_secret_post\"}",
      "{\(own),\(name),\(uris),\"token_endpoint_auth_method\":\"client_secret_basic\"}",
      "{\(own),\(name),\(uris),\"token_endpoint_auth_method\":\"client_secret_jwt\"}",
      "{\(own),\"client_name\":\"\\u200b\",\(uris)}",
      "{\(own),\(name),\(uris),\"x\":\"\(String(repeating: "x", count: 5120))\"}",
      "{\(own),\(name),\(uris),\"x\":\(String(repeating: "[", count: 20))\(String(repeating: "]", count: 20))}",
    ]
    var descriptions: Set<String> = []
    for body in bodies {
      do {
        _ = try parse(body)
        Issue.record("accepted \(body)")
      } catch let error as OAuthError {
        #expect(error.code == .invalidClient)
        descriptions.insert(error.description)
      }
    }
    #expect(descriptions.count == 1, "refusals must look alike")
    #expect(throws: Never.self) { try parse("{\(own),\(name),\(uris)}") }
  }
}
