import Crypto
import OAuthProtocol
import StrictCoding
import Testing

@testable import OAuthClient

@Suite struct TokenClientTests {
  private static let success =
    #"{"access_token":"at","token_type":"Bearer","expires_in":60,"refresh_token":"r2","id_token":"i"}"#

  private static func client(_ fetcher: ScriptedFetcher) -> TokenClient {
    TokenClient(fetcher: fetcher, clock: StandingClock().closure) { [UInt8](repeating: 7, count: $0) }
  }

  private static var metadata: AuthorizationServerMetadata {
    var metadata = AuthorizationServerMetadata(issuer: "https://as.example")
    metadata.tokenEndpoint = "https://as.example/token"
    return metadata
  }

  private static func exchange(
    _ fetcher: ScriptedFetcher, _ authentication: ClientAuthentication = .none(clientID: "c")
  ) async throws -> TokenResponse {
    let verifier = try CodeVerifier(String(repeating: "v", count: 43))
    return try await client(fetcher).exchange(
      code: "co de", redirectURI: "https://m.example/cb", verifier: verifier, at: metadata, as: authentication)
  }

  @Test func codeExchange() async throws {
    let fetcher = ScriptedFetcher { _, _ in .json(Self.success) }
    let tokens = try await Self.exchange(fetcher)
    #expect(tokens.accessToken == "at" && tokens.idToken == "i" && tokens.refreshToken == "r2")
    let request = try #require(fetcher.requests.first)
    #expect(request.url == "https://as.example/token" && request.method == "POST")
    let form = try FormParameters(parsing: request.form)
    #expect(form.values("grant_type") == ["authorization_code"] && form.values("code") == ["co de"])
    #expect(form.values("client_id") == ["c"] && form.values("code_verifier") == [String(repeating: "v", count: 43)])
    #expect(request.headers.isEmpty)
  }

  @Test func secrets() async throws {
    let secret = Array("p:ä s".utf8)
    let basic = ScriptedFetcher { _, _ in .json(Self.success) }
    _ = try await Self.exchange(basic, .clientSecretBasic(clientID: "c:1", secret: secret))
    let header = try #require(basic.requests.first?.headers.first)
    let pair = try #require(Base64.decode(header.value.dropFirst(6)))
    #expect(header.name == "authorization" && String(decoding: pair, as: UTF8.self) == "c%3A1:p%3A%C3%A4%20s")
    #expect(try FormParameters(parsing: try #require(basic.requests.first).form).values("client_secret").isEmpty)
    let post = ScriptedFetcher { _, _ in .json(Self.success) }
    let authentication = ClientAuthentication.clientSecretPost(clientID: "c", secret: secret)
    _ = try await Self.exchange(post, authentication)
    #expect(try FormParameters(parsing: try #require(post.requests.first).form).values("client_secret") == ["p:ä s"])
    #expect("\(authentication) \(String(reflecting: authentication))".contains("p:") == false)
  }

  @Test func privateKeyJWT() async throws {
    let key = P256.Signing.PrivateKey()
    let fetcher = ScriptedFetcher { _, _ in .json(Self.success) }
    let signer = JWTSigner(key: key, keyID: "k", type: "JWT")
    _ = try await Self.exchange(fetcher, .privateKeyJWT(clientID: "c", signer: signer))
    let form = try FormParameters(parsing: try #require(fetcher.requests.first).form)
    let assertion = try #require(form.values("client_assertion").first)
    let keys = JSONWebKeySet([JSONWebKey(p256: key.publicKey, keyID: "k")])
    let expected = JWTExpectation(issuer: "c", audience: "https://as.example")
    let claims = try JWTVerifier.verify(assertion, with: keys, expecting: expected, now: StandingClock().now)
    #expect(claims.subject == "c" && claims.tokenID != nil)
  }

  @Test(arguments: [200, 400, 401, 403, 500]) func T9_errorsInAnyStatus(status: Int) async throws {
    let fetcher = ScriptedFetcher { _, _ in .json(#"{"ok":false,"error":"invalid_grant"}"#, status: status) }
    await #expect(throws: TokenClientError.denied(.invalidGrant, code: "invalid_grant", description: nil)) {
      _ = try await Self.exchange(fetcher)
    }
  }

  @Test func troubleIsNotDenial() async throws {
    let answers: [FetchedDocument] = [
      .json("{}", status: 503), .json("<html>", status: 502), .json("", status: 429), .json("{}", status: 500),
      .json(#"{"error":"temporarily_unavailable"}"#, status: 400), .json(#"{"error":"server_error"}"#, status: 200),
      .json(#"{"error":"ratelimited"}"#, status: 429), .json(Self.success, status: 503),
    ]
    for answer in answers {
      let error = await #expect(throws: TokenClientError.self) {
        _ = try await Self.exchange(ScriptedFetcher { _, _ in answer })
      }
      if case .transient = error {} else { Issue.record("\(String(describing: error)) for \(answer.status)") }
    }
    let down = ScriptedFetcher { _, _ throws(FetchError) in throw .timedOut }
    await #expect(throws: TokenClientError.transient(.timedOut)) { _ = try await Self.exchange(down) }
  }

  @Test func uselessAnswers() async throws {
    for body in [
      "", "[]", "{}", #"{"access_token":""}"#, #"{"access_token":1}"#, #"{"access_token":"a","access_token":"b"}"#,
    ] {
      let error = await #expect(throws: TokenClientError.self) {
        _ = try await Self.exchange(ScriptedFetcher { _, _ in .json(body) })
      }
      if case .unusable = error {} else { Issue.record("\(String(describing: error)) for \(body)") }
    }
    let redirected = ScriptedFetcher { _, _ in .json(Self.success, status: 302) }
    await #expect(throws: TokenClientError.self) { _ = try await Self.exchange(redirected) }
  }

  @Test func refresh() async throws {
    let fetcher = ScriptedFetcher { _, _ in .json(Self.success) }
    _ = try await Self.client(fetcher).refresh(
      "r1", scope: ["a", "b"], resource: "https://rs.example/mcp", at: Self.metadata, as: .none(clientID: "c"))
    let form = try FormParameters(parsing: try #require(fetcher.requests.first).form)
    #expect(form.values("refresh_token") == ["r1"] && form.values("scope") == ["a b"])
    #expect(form.values("resource") == ["https://rs.example/mcp"])
  }
}
