import MartletTestSupport
import OAuthProtocol
import StrictCoding
import Testing

/// Seeded, so that a failure repeats: what it must hold is said by each test, beside "no crash".
///
/// `MARTLET_FUZZ_ROUNDS` and `MARTLET_FUZZ_SEED` make long runs of it.
@Suite struct MutationFuzzTests {
  static let rounds = CaseCount.rounds ?? 4000

  @Test func fuzzRedirectURI() throws {
    var mutator = Mutator(
      seed: 51,
      tokens: [
        "@", "%2e", "..", ";", "\\", "//", "#", "?", ":", "%00", "javascript:", "127.0.0.1", "[::1]", "code=", "\u{E9}",
      ])
    let registered = try RedirectURICorpus.real.map { try RedirectURI(registering: $0) }
    for round in 0..<Self.rounds {
      let base = RedirectURICorpus.real[round % RedirectURICorpus.real.count]
      let string = text(mutator.mutate(Array(base.utf8)))
      if let uri = try? RedirectURI(registering: string) {
        #expect(uri.matches(string))
        #expect(string.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x5C && $0 != 0x23 && $0 != 0x2A })
        #expect(
          ["https:", "http:/", "cursor", "vscode"].contains { string.hasPrefix($0) } || string.utf8.contains(0x2E))
      }
      for uri in registered where ByteString(uri.string) != ByteString(string) && uri.matches(string) {
        #expect(uri.isLoopback && string.hasPrefix("http://\(uri.host)"))
        #expect(uri.accepting(string)?.host == uri.host)
      }
    }
  }

  @Test func fuzzURLGrammar() {
    var mutator = Mutator(
      seed: 14, tokens: ["@", "%", "[", "]", "::", "0x7f", "127.1", ":0", ":65536", "\\", "é", "."])
    let seeds = [
      "https://gw.example:8443/a/b?c=d#e", "http://[2001:db8::1]:80/x", "http://127.0.0.1/", "https://a.b.c",
    ]
    for round in 0..<Self.rounds {
      let string = text(mutator.mutate(Array(seeds[round % seeds.count].utf8)))
      guard let url = try? AbsoluteURL(parsing: string) else { continue }
      #expect(url.string == string)
      let origin = HTTPOrigin(url.origin.string)
      #expect(origin == url.origin)
      if let resource = try? ResourceIndicator(parsing: string), !resource.canonical.hasSuffix("/") {
        #expect((try? ResourceIndicator(parsing: resource.canonical)) == resource)
      }
    }
  }

  @Test func fuzzJWT() throws {
    let forge = try TokenForge()
    let token = try forge.token()
    var mutator = Mutator(
      seed: 56, tokens: [".", "=", "e30", "eyJhbGciOiJub25lIn0", "-", "_", "A", "\u{0}"])
    for _ in 0..<Self.rounds {
      let bytes = mutator.mutate(Array(token.utf8))
      guard bytes != Array(token.utf8), let parsed = try? JSONWebSignature(compact: bytes) else { continue }
      #expect(!ES256.verify(parsed, key: forge.publicKey))
      _ = try? parsed.claims.date("exp")
    }
  }

  @Test func fuzzJWTJSON() throws {
    let forge = try TokenForge()
    var mutator = Mutator(
      seed: 57, tokens: ["\"alg\":\"none\"", "\"crit\":[]", "1e300", "[[[[", "\\u0000", "null", ",", "{}"])
    for _ in 0..<(Self.rounds / 8) {
      let header = text(mutator.mutate(Array(TokenForge.header.utf8)))
      let payload = text(mutator.mutate(Array(TokenForge.payload.utf8)))
      guard let parsed = try? JSONWebSignature(compact: try forge.token(header: header, payload: payload)) else {
        continue
      }
      _ = parsed.claims.audience
      if let date = try? parsed.claims.date("exp") { #expect(date >= 0 && date < 253_402_300_800) }
    }
  }

  @Test func fuzzChallenge() {
    var mutator = Mutator(
      seed: 42, tokens: ["\"", "\\", ",", "=", "Bearer ", "realm", " ", "\u{0}", "\r\n", "=="])
    let seed =
      #"""
      Basic realm="x", Bearer resource_metadata="https://a.example/x", scope="a b", error=invalid_token,\#
       Negotiate YII=
      """#
    for _ in 0..<Self.rounds {
      let field = text(mutator.mutate(Array(seed.utf8)))
      for challenge in AuthenticationChallenge.parse([field, seed]) { #expect(!challenge.scheme.isEmpty) }
      guard let bearer = BearerChallenge(fields: [field]) else { continue }
      #expect(bearer.string.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
      #expect(BearerChallenge(fields: [bearer.string]) != nil)
      _ = try? AuthorizationHeader.parse([field])
    }
  }

  @Test func fuzzClientMetadataDocument() throws {
    let id = try ClientIDMetadataURL(parsing: "https://a.example/client.json")
    let seed =
      #"""
      {"client_id":"https://a.example/client.json","client_name":"A",\#
      "redirect_uris":["https://a.example/cb","http://localhost/cb"],\#
      "token_endpoint_auth_method":"none","logo_uri":"https://a.example/l","jwks":{"keys":[]}}
      """#
    var mutator = Mutator(
      seed: 94,
      tokens: ["\"client_secret\":\"x\",", "null", "[", "\\ud800", "client_secret_post", "{", ",", "1e999", "\u{202E}"])
    for _ in 0..<Self.rounds {
      let bytes = mutator.mutate(Array(seed.utf8))
      _ = try? ClientRegistrationRequest(parsing: bytes)
      guard let document = try? ClientMetadataDocument(parsing: bytes, from: id) else { continue }
      #expect(document.metadata.tokenEndpointAuthMethod?.usesSharedSecret == false)
      #expect(document.metadata.clientName?.isEmpty == false)
      _ = document.metadata.redirectURIs(under: .default)
      _ = document.metadata.fingerprint
    }
  }

  @Test func fuzzKeySet() throws {
    let forge = try TokenForge()
    let seed = JSONWriter.write(JSONWebKeySet([forge.publicKey]).json())
    var mutator = Mutator(seed: 17, tokens: ["\"d\":\"x\",", "AQAB", "RSA", "OKP", "=", "null", "{}"])
    for _ in 0..<Self.rounds { _ = try? JSONWebKeySet(parsing: mutator.mutate(seed)) }
  }
}
