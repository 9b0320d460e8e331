import MartletDomain
import OAuthProtocol
import StrictCoding
import Testing

@testable import MartletAuthorizationServer

struct MetadataTests {
  private func read(_ path: String, _ door: FrontDoor, method: String = "GET") -> EndpointResponse {
    door.metadata.answer(EndpointRequest(method: method, path: path, id: "r"))
  }

  @Test(arguments: [
    ("/.well-known/oauth-protected-resource/time/mcp", "https://gw.example/time/mcp"),
    ("/.well-known/oauth-protected-resource/time/mcp/", "https://gw.example/time/mcp/"),
    ("/time/mcp/.well-known/oauth-protected-resource", "https://gw.example/time/mcp"),
    ("/time/mcp//.well-known/oauth-protected-resource", "https://gw.example/time/mcp/"),
  ])
  func D12_resourceMetadataEchoesTheSpelling(_ path: String, _ resource: String) throws {
    let response = read(path, try FrontDoor())
    #expect(response.status == 200)
    #expect(response.header("cache-control") == "public, max-age=300")
    let json = try #require(response.json)
    #expect(json["resource"] == .string(resource))
    #expect(json["authorization_servers"] == ["https://gw.example"])
    #expect(json["scopes_supported"] == ["mcp"])
    #expect(json["bearer_methods_supported"] == ["header"])
    #expect(json["resource_name"] == "time")
  }

  @Test func D13_aRootDocumentOnlyWhereThereIsOneRoute() throws {
    let path = "/.well-known/oauth-protected-resource"
    #expect(read(path, try FrontDoor()).status == 404)
    let single = try FrontDoor(routes: [ProtectedRoute(id: FrontDoor.time, displayName: "time", tenants: nil)])
    #expect(read(path, single).json?["resource"] == "https://gw.example/time/mcp")
    #expect(single.metadata.wellKnown(path: "/.well-known/oauth-protected-resource").status == 200)
    #expect(read(path, try FrontDoor(routes: [])).status == 404)
  }

  @Test func aTenantsRouteHasItsDocument() throws {
    let route = RouteID(space: "acme", server: "time")
    let door = try FrontDoor(routes: [ProtectedRoute(id: route, displayName: "time", tenants: ["acme"])])
    let response = read("/.well-known/oauth-protected-resource/t/acme/time/mcp", door)
    #expect(response.json?["resource"] == "https://gw.example/t/acme/time/mcp")
  }

  @Test(arguments: [
    "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/", "/.well-known/oauth-authorization-server/time/mcp",
    "/.well-known/openid-configuration/time/mcp/", "/time/mcp/.well-known/openid-configuration",
    "/time/mcp/.well-known/oauth-authorization-server",
  ])
  func D11_oneIssuerAtEveryVariant(_ path: String) throws {
    let door = try FrontDoor()
    let response = read(path, door)
    #expect(response.status == 200)
    let json = try #require(response.json)
    #expect(json["issuer"] == "https://gw.example")
    #expect(json["authorization_endpoint"] == "https://gw.example/authorize")
    #expect(json["token_endpoint"] == "https://gw.example/token")
    #expect(json["code_challenge_methods_supported"] == ["S256"])
    #expect(json["authorization_response_iss_parameter_supported"] == true)
    #expect(door.audit.actions == [.serverMetadataRead])
  }

  @Test func G9_theMetadataSaysWhatClientsNeed() throws {
    let json = try #require(try FrontDoor().metadata.wellKnown(path: "/.well-known/oauth-authorization-server").json)
    #expect(json["registration_endpoint"] == "https://gw.example/register")
    #expect(json["client_id_metadata_document_supported"] == true)
    #expect(json["revocation_endpoint"] == "https://gw.example/revoke")
    #expect(json["introspection_endpoint"] == "https://gw.example/introspect")
    #expect(json["jwks_uri"] == "https://gw.example/jwks")
    #expect(json["scopes_supported"] == ["mcp", "offline_access"])
    #expect(json["response_types_supported"] == ["code"])
    #expect(json["response_modes_supported"] == ["query"])
    let grants: JSONValue = [
      "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
    ]
    #expect(json["grant_types_supported"] == grants)
    let methods: JSONValue = ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"]
    #expect(json["token_endpoint_auth_methods_supported"] == methods)
    for endpoint in ["token", "revocation", "introspection"] {
      #expect(json["\(endpoint)_endpoint_auth_signing_alg_values_supported"] == ["ES256", "RS256"], "RFC 8414 §2")
    }
    #expect(json["request_uri_parameter_supported"] == false)
    #expect(json["subject_types_supported"] == nil)
  }

  @Test func theOpenIDVariantHasItsRequiredMembers() throws {
    let json = try #require(try FrontDoor().metadata.wellKnown(path: "/.well-known/openid-configuration").json)
    for name in [
      "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
      "subject_types_supported", "id_token_signing_alg_values_supported",
    ] {
      #expect(json[name] != nil, "\(name)")
    }
    #expect(json["scopes_supported"]?.arrayValue?.contains("openid") == false)
  }

  @Test func V_060_switchesAreSaid() throws {
    let door = try FrontDoor()
    door.configure {
      $0.registration.acceptsDynamicRegistration = false
      $0.registration.acceptsMetadataDocuments = false
    }
    let json = try #require(door.metadata.wellKnown(path: "/.well-known/oauth-authorization-server").json)
    #expect(json["registration_endpoint"] == nil)
    #expect(json["client_id_metadata_document_supported"] == false)
  }

  @Test(arguments: [
    "/.well-known/", "/.well-known", "/.well-known/other", "/.well-known/oauth-protected-resource/other/mcp",
    "/.well-known/oauth-protected-resource/time", "/.well-known/oauth-protected-resource//time/mcp",
    "/.well-known/oauth-protected-resource/time/mcp//", "/.well-known/oauth-protected-resource/%74ime/mcp",
    "/.well-known/oauth-protected-resource/TIME/mcp", "/time/mcp/.well-known/oauth-protected-resource/notes/mcp",
    "/other/mcp/.well-known/openid-configuration",
    "/time/.well-known/oauth-protected-resource/mcp", "/time/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/tenant1", "/.well-known/../time/mcp", "/.well-known/openid-configuration2",
    "/.well-known/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/../time/mcp", "/", "",
  ])
  func D9_D10_anythingElseIsJSON404(_ path: String) throws {
    let door = try FrontDoor()
    let response = read(path, door)
    #expect(response.status == 404)
    #expect(response.json?["error"] != nil)
    #expect(door.audit.events.isEmpty)
  }

  @Test func onlyReadingIsAllowed() throws {
    let door = try FrontDoor()
    let path = "/.well-known/oauth-authorization-server"
    #expect(read(path, door, method: "HEAD").status == 200)
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
      let response = read(path, door, method: method)
      #expect(response.status == 405)
      #expect(response.header("allow") == "GET, HEAD")
      #expect(response.json?["error"] != nil)
    }
  }
}
