/// Hostile redirect URIs by table: every base broken in every way, and schemes that are no web pages.
enum RedirectURICorpus {
  static let bases: [(scheme: String, authority: String, path: String)] = [
    ("https", "good.example", "/cb"),
    ("http", "127.0.0.1:8080", "/callback"),
    ("http", "localhost", "/oauth/callback"),
    ("http", "[::1]:9000", "/cb"),
    ("cursor", "anysphere.cursor-mcp", "/oauth/callback"),
    ("com.example.app", "oauth", "/cb"),
  ]

  static let authorityPrefixes = [
    "user@", "user:pw@", "@", "a@b@", "evil.com@", "evil.com%2F@", "evil.com\\@", "evil.com%5c@", "*.", "%67ood.", " ",
    "\t", "\r\n", "\u{0}", ".", "-", "\u{24D4}vil.", "\u{E9}", "\u{202E}", "evil.com#@", "evil.com?@#", "[", "%00",
    "%20", "evil.com:80@",
  ]

  static let authoritySuffixes = [
    "%2F@evil.com", "@evil.com", "\\@evil.com", "\\.evil.com", ":0", ":", ":65536", ":99999", ":-1", ":+80", ":080",
    ":8o", ":80:80", "%00", "%2eevil.com", ".", "..", "]", "\u{FF0F}evil.com", "\u{2044}evil", " ", "\u{A0}", "\n",
    ":443@evil.com", "#@evil.com", "&@evil.com", "%23@evil.com", "%", ":80%40evil.com", "|evil", "<", "^",
  ]

  static let pathSuffixes = [
    "/../x", "/..", "/.", "/./x", "/%2e%2e/x", "/%2E%2E/x", "/.%2e/x", "/%2e./x", "/%2e", "/..;/x", "/;x",
    "/x;jsessionid=1", ";", "//x", "/x//", "/\\x", "\\", "/%5cx", "/%5C..%5C", "/%2fx", "/%2F..%2F", "/%00", "%00",
    "/%0d%0aLocation:x", "/%09", "/%20", "/%7f", "/%252e%252e/x", "/%25", "/%c0%ae%c0%ae/x", "/%e2%80%ae", "/\u{E9}",
    "/\u{FF0E}\u{FF0E}/", "/\u{202E}x", "/%", "/%2", "/%zz", "/%u002e", "/*", "*", "/x*y", "/<script>", "/\"", "/'\"",
    "/{x}", "/|x", "/^", "/`", "#", "#frag", "/#", "?#", "?a=b#c", "?x=%00", "?x=%0d%0a", "?x=%5c", "?x=\\", "?code=1",
    "?a=1&code=2", "?state=x", "?%63ode=1", "?c%6Fde=1", "?iss=https://evil.example", "?error=x", "?access_token=1",
    "?x= y", "?x=\t", "?*", "?x=%", "?x=%f", " ", "\n", "\r", "\t", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}",
    "/%3f", "/%23", "/%40evil", "/%2a", "/[x]",
  ]

  static let schemes = [
    "javascript", "JaVaScRiPt", "JAVASCRIPT", "java\tscript", "java\nscript", " javascript", "\u{1}javascript", "data",
    "DATA", "file", "FILE", "vbscript", "VbScript", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp",
    "mailto", "intent", "chrome-extension", "jar", "urn", "smb", "ms-msdt", "search-ms", "HTTPS", "Https", "HTTP",
    "hTTp", "h%74tp", "evil", "myapp", "evil.com", "localhost", "127.0.0.1", "cursor2", "Cursor", "CURSOR", "vscodex",
    "xcursor", "\u{17F}cursor", "https\u{0}", "-x", "1x", "com.", ".com", "com..x", "\u{212A}",
  ]

  static let singles = [
    "", " ", "/", "//", "//evil.com/cb", "/cb", "cb", "?x", "#", ":", "://", "https", "https:", "https:/", "https://",
    "https:///cb", "https:evil.com", "https:/evil.com", "https:\\\\evil.com", "https:///evil.com", "https://?x",
    "https://#", "https://@", "https://:443", "https://:@", "http://good.example/cb", "http://127.0.0.2/cb",
    "http://127.1/cb", "http://0x7f.1/cb", "http://0x7f000001/cb", "http://2130706433/cb", "http://0177.0.0.1/cb",
    "http://127.0.0.1.evil.com/cb", "http://127.0.0.1./cb", "http://127.0.0.01/cb", "http://127.0.0.1.nip.io/",
    "http://localhost.evil.com/cb", "http://localhost./cb", "http://LOCALHOST/cb", "http://Localhost/cb",
    "http://localhos\u{17F}/cb", "http://[::]/cb", "http://[::ffff:127.0.0.1]/cb", "http://[0:0:0:0:0:0:0:1]/cb",
    "http://[::1%25eth0]/cb", "http://[::1]evil.com/cb", "http://[::1", "http://::1/cb", "http://[::1]]/cb",
    "http://[::0001]/cb", "http://0.0.0.0/cb", "http://0/cb", "https://0x7f.1/cb", "https://2130706433/cb",
    "https://0177.0.0.1/cb", "https://127.1/cb", "https://1.2.3.4.5/cb", "https://256.1.1.1/cb", "https://1.2.3/cb",
    "https://[1::2::3]/cb", "https://[:::]/cb", "https://[12345::]/cb", "https://[1:2:3:4:5:6:7:8:9]/",
    "https://[v1.x]/cb", "https://evil..com/cb", "https://.evil.com/cb", "https://*.good.example/cb", "https://*/cb",
    "https://good.example:*/cb", "http://localhost:*/cb", "https://good.com\\@evil.com", "https://good.com\\.evil.com",
    "http://localhost:8090%2F@evil.com", "https://good.com%40evil.com/", "https://good.com%2f.evil.com/",
    "https://user@good.com@evil.com/", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "javascript://good.example/%0aalert(1)",
    "data:text/html,<script>", "data:text/html;base64,PHNjcmlwdD4=", "file:///etc/passwd", "vbscript:msgbox",
    "blob:https://good.example/1", "about:blank", "cursor:", "cursor:/", "cursor:x", "cursor:?x", "cursor://",
    "cursor:///",
    "cursor://a:1/cb", "cursor://127.0.0.1/cb", "cursor://[::1]/cb", "vscode:x", "com.example.app:cb",
    "evil.com:443/cb",
    "urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob:auto", "postmessage", "null", "undefined",
    "https://good.example/cb\u{0}.evil", "\u{FEFF}https://good.example/cb", " https://good.example/cb",
    "https://good.example/cb ", "ht\ttps://good.example/cb", "https://good.example/\u{1F600}",
    "https://" + String(repeating: "a", count: 64) + ".example/cb",
    "https://good.example/" + String(repeating: "a", count: 2048),
  ]

  static var hostile: [String] {
    var found = singles.filter { $0 != "cursor:/" }
    for base in bases {
      found += authorityPrefixes.map { "\(base.scheme)://\($0)\(base.authority)\(base.path)" }
      found += authoritySuffixes.map { "\(base.scheme)://\(base.authority)\($0)\(base.path)" }
      found += pathSuffixes.map { "\(base.scheme)://\(base.authority)\(base.path)\($0)" }
    }
    for scheme in schemes {
      found += ["\(scheme)://good.example/cb", "\(scheme):/cb", "\(scheme):alert(1)"]
    }
    return found
  }

  /// What clients are seen to register (protocol.md §7.3).
  static let real = [
    "https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback",
    "http://localhost:54213/callback", "http://127.0.0.1:54213/callback", "http://localhost/callback",
    "http://127.0.0.1/callback", "https://chatgpt.com/connector_platform_oauth_redirect",
    "https://chatgpt.com/connector/oauth/AbC-123_x", "http://127.0.0.1:1455/callback", "http://127.0.0.1:33418/",
    "http://127.0.0.1/", "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect",
    "http://localhost:8787/callback", "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:3334/oauth/callback",
    "http://127.0.0.1:3334/oauth/callback", "http://localhost:6274/oauth/callback",
    "http://localhost:6274/oauth/callback/debug", "http://127.0.0.1:6276/oauth/callback",
    "http://localhost:7777/oauth/callback", "http://127.0.0.1:19876/mcp/oauth/callback",
    "https://global.consent.azure-apim.net/redirect/5fmartlet-1234", "https://oauth.n8n.cloud/oauth2/callback",
    "http://localhost:40001/callback", "http://[::1]:40001/callback",
    "vscode://vscode.github-authentication/did-authenticate",
    "vscode-insiders://vscode.github-authentication/did-authenticate", "com.example.app:/oauth2redirect",
    "com.example.app://oauth/cb", "https://app.example/cb?tenant=a&x=b%20c", "https://203.0.113.7:8443/cb",
  ]
}
