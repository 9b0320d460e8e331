import OAuthProtocol
import Testing

@Suite struct AbsoluteURLTests {
  @Test(arguments: [
    "http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.1/",
    "http://0x7f000001/",
    "http://1.2.3.4.5/", "http://256.0.0.1/", "http://01.2.3.4/", "http://1.2.3.04/", "http://1.2.3.4./",
    "http://evil.0x1/",
    "http://evil.12/", "http://0x/", "http://good.com\\@evil.com/", "http://localhost:8090%2F@evil.com",
    "https:evil.com",
    "https://\u{24D4}vil.com/", "https://evil.com\u{3002}x/", "https://a b/", "https://a\tb/", "https://u@h/",
    "https://@h/",
    "https://h:0/", "https://h:/", "https://h:65536/", "https://h:08/", "https://h:+1/", "https://[::1",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/", "https://[::1::]/", "https://[1:2:3:4:5:6:7]/", "https://[::12345]/",
    "https://[1.2.3.4]/",
    "https://[::1.2.3]/", "https://[1.2.3.4::]/", "https://[]/", "https://-a.example/", "https://a-.example/",
    "https://a..b/",
    "ftp://h/", "//h/", "/h", "", "https://", "https:///x", "https://h/%", "https://h/%4", "https://h/<",
    "https://h/\u{0}",
    "https://h/?\u{E9}", "https://h/[", "ht\u{17F}p://h/", "http\u{17F}://h/",
  ])
  func S_14_hostileURLsAreNoURLs(_ string: String) { #expect((try? AbsoluteURL(parsing: string)) == nil) }

  @Test(
    arguments: [
      ("", .length), ("https://h/" + String(repeating: "a", count: 4096), .length), ("https://h\\x/", .character),
      ("https://h/{", .character), ("ftp://h/", .scheme), ("https:h", .scheme), ("https://u@h/", .userInfo),
      ("https://h%41/", .percentInAuthority), ("https://[::1%25x]/", .percentInAuthority), ("https:///", .host),
      ("https://h:0/", .port), ("https://h/%4", .percentEncoding),
    ] as [(String, AbsoluteURLError)])
  func everyRuleNamesItself(_ string: String, _ expected: AbsoluteURLError) {
    #expect(throws: expected) { try AbsoluteURL(parsing: string) }
  }

  @Test func S_14_canonicalLiteralsAreClassified() throws {
    #expect(try AbsoluteURL(parsing: "http://127.0.0.1:80/x").host == .ipv4([127, 0, 0, 1]))
    #expect(try AbsoluteURL(parsing: "http://[::1]/").host.isLoopback)
    #expect(try AbsoluteURL(parsing: "http://LocalHost/").host == .name("localhost"))
    #expect(try AbsoluteURL(parsing: "http://my_server:9001/mcp").host == .name("my_server"))
    let texts = [
      ("[2001:DB8:0:0:1:0:0:1]", "[2001:db8::1:0:0:1]"), ("[::ffff:1.2.3.4]", "[::ffff:102:304]"), ("[::]", "[::]"),
      ("[1::]", "[1::]"), ("[0:0:0:0:0:0:0:1]", "[::1]"), ("[1:0:2:0:3:0:4:0]", "[1:0:2:0:3:0:4:0]"),
      ("[64:ff9b::10.0.0.1]", "[64:ff9b::a00:1]"), ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"),
    ]
    for (written, canonical) in texts {
      #expect(try AbsoluteURL(parsing: "https://\(written)/").host.string == canonical)
    }
  }

  @Test func partsAreKeptRaw() throws {
    let url = try AbsoluteURL(parsing: "HTTPS://Gw.Example:8443/a%2Fb?x=%20&y#z")
    #expect(url.scheme == .https)
    #expect(url.host.string == "gw.example")
    #expect(url.port == 8443)
    #expect(url.path == "/a%2Fb")
    #expect(url.query == "x=%20&y")
    #expect(url.fragment == "z")
    #expect(url.requestTarget == "/a%2Fb?x=%20&y")
    #expect(url.origin.string == "https://gw.example:8443")
    #expect(try AbsoluteURL(parsing: "http://h").requestTarget == "/")
    #expect(try AbsoluteURL(parsing: "http://h").effectivePort == 80)
  }

  @Test(arguments: ["/a/../b", "/..", "/.", "/a/%2e%2e/b", "/%2E", "/.%2e", "/..;/x", "/a%2f..%2fb", "/a%5c..%5cb"])
  func dotSegmentsAreSeen(_ path: String) throws {
    #expect(try AbsoluteURL(parsing: "https://h\(path)").hasDotSegments)
  }

  @Test func origins() {
    #expect(HTTPOrigin("https://gw.example")?.string == "https://gw.example")
    #expect(HTTPOrigin("HTTPS://GW.example:443")?.string == "https://gw.example")
    #expect(HTTPOrigin("http://localhost:6274")?.authority == "localhost:6274")
    #expect(HTTPOrigin("https://gw.example") != HTTPOrigin("http://gw.example"))
    #expect(HTTPOrigin("https://gw.example") != HTTPOrigin("https://gw.example:444"))
    for bad in [
      "null", "", "https://gw.example/", "https://gw.example?x", "https://gw.example#", "gw.example", "file://",
      "https://a, https://b",
    ] {
      #expect(HTTPOrigin(bad) == nil)
    }
  }
}
