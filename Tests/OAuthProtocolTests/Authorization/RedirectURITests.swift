import OAuthProtocol
import Testing

@Suite struct RedirectURITests {
  private func registers(_ string: String) -> Bool { (try? RedirectURI(registering: string)) != nil }

  @Test func V_051_redirectCorpus() {
    let corpus = Set(RedirectURICorpus.hostile.map { Array($0.utf8) }).map { text($0) }
    #expect(corpus.count >= 300)
    let accepted = corpus.filter(registers)
    #expect(accepted.isEmpty, "accepted: \(accepted)")
  }

  @Test func V_051_nothingHostileMatchesAnythingRegistered() throws {
    let registered = try RedirectURICorpus.real.map { try RedirectURI(registering: $0) }
    for hostile in RedirectURICorpus.hostile {
      for uri in registered { #expect(!uri.matches(hostile), "\(uri) matched \(hostile)") }
    }
  }

  @Test func V_051_everyByteCounts() throws {
    for real in RedirectURICorpus.real {
      let uri = try RedirectURI(registering: real)
      let bytes = Array(real.utf8)
      for index in bytes.indices {
        var changed = bytes
        changed[index] ^= 0x20
        // A changed digit of a loopback port may be another port, which is meant to match.
        if uri.matches(text(changed)) { #expect(uri.isLoopback && bytes[index] >= 0x30 && bytes[index] <= 0x39) }
        #expect(!uri.matches(text(Array(bytes.prefix(index)))) || uri.isLoopback)
      }
      #expect(!uri.matches(real + "/"))
      #expect(!uri.matches(real + "?"))
      #expect(!uri.matches(" " + real))
    }
  }

  @Test(arguments: RedirectURICorpus.real) func realClientsRegisterAndMatch(_ string: String) throws {
    let uri = try RedirectURI(registering: string)
    #expect(uri.matches(string))
    #expect(uri.string == string)
  }

  @Test func G_11_loopbackIgnoresThePortOnly() throws {
    let portless = try RedirectURI(registering: "http://localhost/callback")
    #expect(portless.matches("http://localhost:1/callback"))
    #expect(portless.matches("http://localhost:65535/callback"))
    #expect(portless.matches("http://localhost:8080/callback"))
    for presented in [
      "http://localhost:0/callback", "http://localhost:65536/callback", "http://localhost:/callback",
      "http://localhost:08/callback", "http://localhost:8080/callback/", "http://localhost:8080/Callback",
      "http://127.0.0.1:8080/callback", "http://[::1]:8080/callback", "https://localhost:8080/callback",
      "http://localhost:8080@evil.com/callback", "http://localhost:8080%2F@evil.com/callback",
      "http://localhost.evil.com/callback", "http://localhost:8080/callback?x=1", "http://localhost:8080/callback#",
      "http://localhost:80:80/callback", "http://localhostx/callback", "http://localhost:8080/x/../callback",
      "HTTP://localhost:8080/callback", "http://LOCALHOST:8080/callback",
      "http://localhost:99999999999999999999/callback",
    ] { #expect(!portless.matches(presented), "\(presented)") }
    let fixed = try RedirectURI(registering: "http://127.0.0.1:33418/")
    #expect(fixed.matches("http://127.0.0.1:50000/"))
    #expect(fixed.matches("http://127.0.0.1/"))
    #expect(!fixed.matches("http://127.0.0.1"))
    let six = try RedirectURI(registering: "http://[::1]/cb")
    #expect(six.matches("http://[::1]:5000/cb"))
    #expect(!six.matches("http://[::1]5000/cb"))
  }

  @Test func httpsAndPrivateUseMatchExactly() throws {
    let web = try RedirectURI(registering: "https://good.example/cb")
    #expect(!web.matches("https://good.example:443/cb"))
    #expect(!web.matches("https://good.example:8443/cb"))
    #expect(!web.matches("https://GOOD.example/cb"))
    let app = try RedirectURI(registering: "cursor://anysphere.cursor-mcp/oauth/callback")
    #expect(!app.matches("cursor://anysphere.cursor-mcp:1/oauth/callback"))
  }

  @Test func theAnswerGoesToThePresentedPort() throws {
    let registered = try RedirectURI(registering: "http://localhost/callback")
    let accepted = try #require(registered.accepting("http://localhost:4711/callback"))
    #expect(accepted.string == "http://localhost:4711/callback")
    #expect(accepted.origin == "http://localhost:4711")
    #expect(accepted.host == "localhost")
    #expect(accepted.appending(parameters: [("code", "a b&c")]).hasPrefix("http://localhost:4711/callback?code=a"))
  }

  @Test func originsAndHosts() throws {
    let cases: [(String, String, String, Bool)] = [
      ("https://Good.Example:8443/cb?x", "https://good.example:8443", "good.example", false),
      ("https://good.example:443/cb", "https://good.example", "good.example", false),
      ("http://127.0.0.1:80/cb", "http://127.0.0.1", "127.0.0.1", true),
      ("http://[::1]:9/cb", "http://[::1]:9", "[::1]", true),
      ("cursor://anysphere.cursor-mcp/x", "cursor:", "cursor:", false),
    ]
    for (string, origin, host, isLoopback) in cases {
      let uri = try RedirectURI(registering: string)
      #expect(uri.origin == origin)
      #expect(uri.host == host)
      #expect(uri.isLoopback == isLoopback)
    }
  }

  @Test func parametersKeepTheQuery() throws {
    let table = [
      ("https://a.example/cb", "https://a.example/cb?state=1"),
      ("https://a.example/cb?", "https://a.example/cb?state=1"),
      ("https://a.example/cb?x=y", "https://a.example/cb?x=y&state=1"),
      ("https://a.example", "https://a.example?state=1"),
      ("cursor://a.b/c", "cursor://a.b/c?state=1"),
    ]
    for (registered, expected) in table {
      #expect(try RedirectURI(registering: registered).appending(parameters: [("state", "1")]) == expected)
    }
    let hostile = try RedirectURI(registering: "https://a.example/cb")
      .appending(parameters: [("state", "\r\nX: y\u{E9}\"<>#&=")])
    #expect(hostile.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    #expect(!hostile.utf8.contains(UInt8(ascii: "#")))
  }

  @Test func policiesDecideOnSchemesAndLocalhost() {
    let strict = RedirectURIPolicy(
      privateUseSchemes: ["javascript", "warp"], allowsReverseDomainSchemes: false, allowsLocalhostName: false)
    func outcome(_ string: String) -> RedirectURIError? {
      do {
        _ = try RedirectURI(registering: string, policy: strict)
        return nil
      } catch { return error }
    }
    #expect(outcome("warp://x/y") == nil)
    #expect(outcome("javascript://x/y") == .scheme)
    #expect(outcome("com.example.app:/cb") == .schemeNotAllowed)
    #expect(outcome("http://localhost/cb") == .localhostNotAllowed)
    #expect(outcome("http://127.0.0.1/cb") == nil)
    #expect(outcome("http://example.com/cb") == .insecure)
  }

  @Test(
    arguments: [
      ("", .length), ("https://a.example/\\", .character), ("https://a.example\\@b/", .character),
      ("https://a.example/<", .character), ("https://a.example/#", .fragment), ("https://*.a.example/", .wildcard),
      ("HTTPS://a.example/", .scheme), ("Cursor://a/b", .scheme), ("+x://a/b", .scheme), ("data:/x", .scheme),
      ("evil://a/b", .schemeNotAllowed), ("http://a.example/", .insecure), ("https://u@a.example/", .userInfo),
      ("cursor://u@a/b", .userInfo), ("https://a%2eexample/", .percentInAuthority),
      ("cursor://a%2e/b", .percentInAuthority), ("https://127.1/", .host), ("https:a.example", .host),
      ("https://a.example:0/", .port), ("cursor://a:1/b", .port), ("https://a.example/%2f", .percentEncoding),
      ("https://a.example/..", .dotSegment), ("https://a.example/a;b", .path), ("cursor:a", .path),
      ("https://a.example/?state=1", .reservedParameter),
    ] as [(String, RedirectURIError)])
  func everyRuleNamesItself(_ string: String, _ expected: RedirectURIError) {
    #expect(throws: expected) { try RedirectURI(registering: string) }
  }

  @Test func everyErrorIsAClientSafeSentence() {
    for error in RedirectURIError.allCases {
      #expect(error.oauthError.code == .invalidRedirectURI)
      #expect(error.oauthError.description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
    }
  }
}
