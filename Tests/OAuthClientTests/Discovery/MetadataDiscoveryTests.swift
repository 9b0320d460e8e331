import OAuthProtocol
import StrictCoding
import Testing

@testable import OAuthClient

@Suite struct MetadataDiscoveryTests {
  private static func document(_ issuer: String, extra: String = "") -> String {
    #"{"issuer":"\#(issuer)","authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t""#
      + #","code_challenge_methods_supported":["S256"]\#(extra)}"#
  }

  private static func fetcher(_ documents: [String: String]) -> ScriptedFetcher {
    ScriptedFetcher { request, _ in documents[request.url].map { .json($0) } ?? .json("{}", status: 404) }
  }

  @Test(arguments: [
    ("https://as.example", false, ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
    ("https://as.example/", false, ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]),
    (
      "https://as.example/t1", false,
      [
        "/.well-known/oauth-authorization-server/t1", "/.well-known/openid-configuration/t1",
        "/t1/.well-known/openid-configuration",
      ]
    ),
    ("https://as.example", true, ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]),
  ])
  func orderOfPlaces(issuer: String, openIDFirst: Bool, expected: [String]) async throws {
    let fetcher = Self.fetcher([:])
    await #expect(throws: DiscoveryError.notFound) {
      _ = try await MetadataDiscovery(fetcher: fetcher).authorizationServer(issuer: issuer, openIDFirst: openIDFirst)
    }
    #expect(fetcher.requests.map(\.url) == expected.map { "https://as.example" + $0 })
  }

  @Test(arguments: [
    "https://as.example/", "https://AS.example", "https://as.example:443", "https://evil.example",
    "https://as.example/x",
  ])
  func N_20_issuerIsComparedBytewise(issuer: String) async throws {
    let place = "https://as.example/.well-known/oauth-authorization-server"
    let discovery = MetadataDiscovery(fetcher: Self.fetcher([place: Self.document(issuer)]))
    await #expect(throws: DiscoveryError.identifierMismatch) {
      _ = try await discovery.authorizationServer(issuer: "https://as.example")
    }
  }

  @Test func theNextPlaceIsTriedAfterAMismatch() async throws {
    let discovery = MetadataDiscovery(
      fetcher: Self.fetcher([
        "https://as.example/.well-known/oauth-authorization-server": Self.document("https://other.example"),
        "https://as.example/.well-known/openid-configuration": Self.document("https://as.example"),
      ]))
    #expect(
      try await discovery.authorizationServer(issuer: "https://as.example").tokenEndpoint == "https://as.example/t")
  }

  @Test func pkceIsDemanded() async throws {
    let place = "https://as.example/.well-known/openid-configuration"
    for methods in ["", #","code_challenge_methods_supported":["plain"]"#] {
      let discovery = MetadataDiscovery(fetcher: Self.fetcher([place: #"{"issuer":"https://as.example"\#(methods)}"#]))
      await #expect(throws: DiscoveryError.noPKCE) {
        _ = try await discovery.authorizationServer(issuer: "https://as.example")
      }
      _ = try await discovery.authorizationServer(issuer: "https://as.example", pkce: .sentAnyway)
    }
  }

  @Test func V_097_httpsIssuersHaveHTTPSEndpoints() async throws {
    let place = "https://as.example/.well-known/oauth-authorization-server"
    let document = Self.document("https://as.example", extra: #","jwks_uri":"http://as.example/j""#)
    await #expect(throws: DiscoveryError.insecureEndpoint("jwks_uri")) {
      _ = try await MetadataDiscovery(fetcher: Self.fetcher([place: document])).authorizationServer(
        issuer: "https://as.example")
    }
  }

  private static let hostile = [
    "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "ftp://as.example/x", "vscode://as.example/x",
    "ms-msdt:/id", "\\\\as.example\\share", "//as.example/x", "/relative", "as.example/a", "--flag",
    "-oProxyCommand=id",
    "$(id)", "`id`", "| id", "; id", "https:", "https://", "https:///x", "https://$(id)/a", "https://`id`.example/a",
    "https://as example/", "https://u:p@as.example/a", "https://as.example:99999/a", "https://as.example:-1/a",
    "https://[::1/a", "https://as.example/a\r\nX-Other: y", "https://as.example/a\nb", "https://as.example/\u{0}",
    "https://as.example/\u{202E}", "http://as.example/a", " https://as.example/a", "https\u{FF1A}//as.example/a",
    "https://as.example/" + String(repeating: "a", count: 70_000),
  ]

  /// Whatever a hostile server names as an endpoint, nothing but an https URL is ever used as one.
  @Test func V_001_hostileDocumentsNameNoEndpoint() async throws {
    let place = "https://as.example/.well-known/oauth-authorization-server"
    var count = 0
    for name in [
      "authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint", "jwks_uri",
    ] {
      for value in Self.hostile {
        for tail in ["", "?a=b", "%0d%0aX: y", "//"] {
          var members: JSONObject = [
            "issuer": "https://as.example", "authorization_endpoint": "https://as.example/a",
            "token_endpoint": "https://as.example/t", "code_challenge_methods_supported": ["S256"],
          ]
          members[name] = .string(value + tail)
          let document = String(decoding: JSONWriter.write(.object(members)), as: UTF8.self)
          await #expect(throws: DiscoveryError.self, "\(name): \(value.prefix(60))\(tail)") {
            _ = try await MetadataDiscovery(fetcher: Self.fetcher([place: document])).authorizationServer(
              issuer: "https://as.example")
          }
          count += 1
        }
      }
    }
    print("proof: V-001 count=\(count)")
  }

  @Test func outageIsNotAbsence() async throws {
    let down = ScriptedFetcher { _, _ throws(FetchError) in throw .timedOut }
    await #expect(throws: DiscoveryError.unavailable(.timedOut)) {
      _ = try await MetadataDiscovery(fetcher: down).authorizationServer(issuer: "https://as.example")
    }
    let broken = ScriptedFetcher { _, _ in .json("{}", status: 502) }
    await #expect(throws: DiscoveryError.unavailable(.unexpectedStatus(502))) {
      _ = try await MetadataDiscovery(fetcher: broken).authorizationServer(issuer: "https://as.example")
    }
    for issuer in ["", "as.example", "https://as.example?x", "https://as.example#f", "https://u@as.example"] {
      await #expect(throws: DiscoveryError.invalidIdentifier) {
        _ = try await MetadataDiscovery(fetcher: down).authorizationServer(issuer: issuer)
      }
    }
  }

  @Test func protectedResource() async throws {
    let root = "https://rs.example/.well-known/oauth-protected-resource"
    let document = #"{"resource":"https://rs.example/mcp","authorization_servers":["https://as.example"]}"#
    let inserted = Self.fetcher([root + "/mcp": document])
    let found = try await MetadataDiscovery(fetcher: inserted).protectedResource("https://rs.example/mcp")
    #expect(found.authorizationServers == ["https://as.example"])
    #expect(inserted.requests.map(\.url) == [root + "/mcp"])
    let atRoot = Self.fetcher([root: document])
    _ = try await MetadataDiscovery(fetcher: atRoot).protectedResource("https://rs.example/mcp")
    #expect(atRoot.requests.map(\.url) == [root + "/mcp", root])
    await #expect(throws: DiscoveryError.identifierMismatch) {
      _ = try await MetadataDiscovery(fetcher: Self.fetcher([root: document])).protectedResource(
        "https://rs.example/other")
    }
    let named = try AbsoluteURL(parsing: "https://rs.example/meta")
    let discovery = MetadataDiscovery(fetcher: Self.fetcher(["https://rs.example/meta": document]))
    _ = try await discovery.protectedResource(at: named, for: "https://rs.example/mcp")
  }

  @Test func R_30_metadataOutlivesAnOutage() async throws {
    let clock = StandingClock()
    let fetcher = ScriptedFetcher { _, turn throws(FetchError) in
      if turn > 1 { throw .unresolvable("down") }
      return .json(Self.document("https://as.example"))
    }
    let discovery = MetadataDiscovery(fetcher: fetcher)
    let cache = IssuerMetadataCache(clock: clock.closure) { issuer throws(DiscoveryError) in
      try await discovery.authorizationServer(issuer: issuer)
    }
    for _ in 0..<20 {
      _ = try await cache.metadata(issuer: "https://as.example")
      clock.advance(seconds: 3_600)
    }
    clock.advance(seconds: 20_000)
    await #expect(throws: DiscoveryError.unavailable(.unresolvable("down"))) {
      _ = try await cache.metadata(issuer: "https://as.example")
    }
  }
}
