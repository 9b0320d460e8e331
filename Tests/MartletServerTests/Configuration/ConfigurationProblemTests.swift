import Testing

@testable import MartletServer

/// Each problem, word for word.
@Suite struct ConfigurationProblemTests {
  private let folder: ConfigurationFolder

  init() throws { folder = try ConfigurationFolder(ConfigurationExamples.files) }

  @Test(arguments: [
    ("listn: 127.0.0.1:1", "listn (line 1): unknown key; did you mean listen?"),
    (
      "tokens:\n  colour: red",
      "tokens.colour (line 2): unknown key; known here: access_ttl, refresh_ttl, refresh_max_ttl, replay_window, signing_key_ttl, reuse"
    ),
    ("listen: 8080", "listen (line 1): must be an address and a port; for example 127.0.0.1:8080, or 0.0.0.0:443"),
    (
      "listen: 127.0.0.1:65536",
      "listen (line 1): must be an address and a port; for example 127.0.0.1:8080, or 0.0.0.0:443"
    ),
    (
      "listen: 127.0.0.1:+80",
      "listen (line 1): must be an address and a port; for example 127.0.0.1:8080, or 0.0.0.0:443"
    ),
    ("listen: [a]", "listen (line 1): must be one line of text"),
    (
      "public_url: http://127.0.0.1:8080/",
      "public_url (line 1): must be an origin without path or trailing slash; for example https://gateway.example.com"
    ),
    (
      "public_url: http://gateway.example.com",
      "public_url (line 1): must be https off loopback; clients refuse to log in over http"
    ),
    (
      "public_url: http://127.0.0.1:1\ntls: {cert: cert.pem, key: key.pem}",
      "public_url (line 1): must be https where tls is set; write https://127.0.0.1:1"
    ),
    (
      "public_url: https://a.example\nlisten: 0.0.0.0:80",
      "listen (line 2): plain HTTP off loopback would send tokens in clear; set tls, or declare the TLS proxy in front in trusted_proxies"
    ),
    (
      "listen: ':80'\ntrusted_proxies: [10.0.0.0/8]",
      "public_url: is missing; off loopback, say what clients see: https://gateway.example.com"
    ),
    ("tls: {cert: cert.pem}", "tls.key (line 1): is missing; name a PEM file"),
    (
      "tls: {cert: cert.pem, key: none.pem}",
      "tls.key (line 1): can't read FOLDER/none.pem; check the path and its permissions"
    ),
    (
      "trusted_proxies: [10.0.0.1/8]",
      "trusted_proxies (line 1): 10.0.0.1/8 is no address range; for example 10.0.0.0/8"
    ),
    ("trusted_proxies: all", "trusted_proxies (line 1): must be a list; write [a, b]"),
    (
      "allowed_hosts: ['http://a']",
      "allowed_hosts (line 1): http://a is no value of Host; a name, with the port where it isn't the usual one: gateway.internal:8080"
    ),
    ("allowed_origins: ['*']", "allowed_origins (line 1): * is no origin; for example http://localhost:6274"),
    ("log: {format: xml}", "log.format (line 1): must be one of json, text"),
    ("log: json", "log (line 1): must be a mapping of keys"),
    ("- a", "the file: must be a mapping of keys"),
    ("a: 1\na: 2", "the file (line 1): has the same key twice: a; keep one of them"),
    ("a: [", "the file (line 2): is not valid YAML: did not find expected node content"),
  ])
  func topLevel(text: String, expected: String) { expect(text, expected) }

  @Test(arguments: [
    (
      "servers:\n  time:\n    url: /mcp",
      "servers.time.url (line 3): must be absolute; for example http://127.0.0.1:9001/mcp"
    ),
    (
      "servers:\n  time:\n    tenants: [a]",
      "servers.time.url (line 2): is missing; for example http://127.0.0.1:9001/mcp"
    ),
    (
      "servers: {time: {url: 'http://a/', urls: ['http://b/']}}",
      "servers.time.urls (line 1): can't stand beside url; keep one of them"
    ),
    (
      "servers: {time: {urls: []}}",
      "servers.time.urls (line 1): names no instance; for example [http://127.0.0.1:9001/mcp]"
    ),
    (
      "servers: {time: {urls: ['http://a/', {drain: true}]}}",
      "servers.time.urls[1].url (line 1): is missing; for example http://127.0.0.1:9001/mcp"
    ),
    (
      "servers: {time: {urls: ['http://a/', nope]}}",
      "servers.time.urls[1].url (line 1): must be absolute; for example http://127.0.0.1:9001/mcp"
    ),
    (
      "servers: {time: {urls: [{url: 'http://a/', drain: true}]}}",
      "servers.time.urls (line 1): drains every instance; leave one at least that takes what the others give up"
    ),
    (
      "servers: {time: {urls: ['http://a/', {url: 'http://a/'}]}}",
      "servers.time.urls (line 1): names an instance twice"
    ),
    ("servers: {Time: {url: 'http://a/'}}", "servers.Time (line 1): must be 1 to 64 of a-z, 0-9 and -"),
    ("servers: {login: {url: 'http://a/'}}", "servers.login (line 1): is a reserved name; its path is taken"),
    ("servers: {t: {url: 'http://a/'}}", "servers.t (line 1): is a reserved name; its path is taken"),
    (
      "servers: {a: {url: 'http://a/', tenants: []}}",
      "servers.a.tenants (line 1): admits nobody; leave it out to admit every tenant"
    ),
    (
      "servers: {a: {url: 'http://a/', tenants: [a b]}}",
      "servers.a.tenants (line 1): a b is no tenant name; 1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'"
    ),
    (
      "servers: {a: {url: 'http://a/', protocol: '2020-01-01'}}",
      "servers.a.protocol (line 1): is no revision of MCP; auto, or one of 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {exchange: {}}}}",
      "servers.a.credential (line 1): is no kind of credential; none, oauth, {oauth: …}, {client_credentials: …}, {token_exchange: …}, {id_jag: …} or {header: {name: X-API-Key, value: {env: NAME}}}"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: key}}",
      "servers.a.credential (line 1): is no kind of credential; none, oauth, {oauth: …}, {client_credentials: …}, {token_exchange: …}, {id_jag: …} or {header: {name: X-API-Key, value: {env: NAME}}}"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {}}}",
      "servers.a.credential (line 1): must name one kind; none, oauth, {oauth: …}, {client_credentials: …}, {token_exchange: …}, {id_jag: …} or {header: {name: X-API-Key, value: {env: NAME}}}"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {header: {name: X-Key, value: abc}}}}",
      "servers.a.credential.header.value (line 1): secrets don't stand in the file; write {env: NAME} or {file: PATH}"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {header: {name: X-Key}}}}",
      "servers.a.credential.header.value (line 1): is missing; {header: {name: X-API-Key, value: {env: NAME}}}"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {header: {name: Mcp-Session-Id, value: {file: secret}}}}}",
      "servers.a.credential.header.name (line 1): can't carry a credential; for example Authorization or X-API-Key"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {header: {name: Martlet-Assertion, value: {file: secret}}}}}",
      "servers.a.credential.header.name (line 1): can't carry a credential; for example Authorization or X-API-Key"
    ),
    (
      "servers: {a: {url: 'http://a/', credential: {header: {name: X-Key, value: {file: lines}}}}}",
      "servers.a.credential.header.value (line 1): can't stand in a header; 1 to 8192 visible ASCII characters, spaces only between them"
    ),
    (
      "servers: {a: {url: 'http://u:p@a/'}}",
      "servers.a.url (line 1): must not hold a user name or password; a server's key stands in its credential"
    ),
    ("servers: [a]", "servers (line 1): must be a mapping of keys"),
  ])
  func servers(text: String, expected: String) { expect(text, expected) }

  @Test(arguments: [
    (
      "{oauth: {issuer: id.example}}",
      ".oauth.issuer (line 1): must be an absolute URL; for example https://id.example.com"
    ),
    (
      "{oauth: {issuer: 'http://id.example'}}",
      ".oauth.issuer (line 1): must be https off loopback; for example https://id.example.com"
    ),
    (
      "{oauth: {client_id: a, client_secret: {file: secret}}}",
      ".oauth.issuer (line 1): is missing; say whom the secret is for; nobody else gets to see it"
    ),
    (
      "{oauth: {issuer: 'https://a', client_secret: {file: secret}}}",
      ".oauth.client_id (line 1): is missing; the secret is some client's"
    ),
    ("{oauth: {scopes: [a b]}}", ".oauth.scopes (line 1): a b is no scope; write [read, write]"),
    (
      "{oauth: {extra_params: {redirect_uri: 'https://evil'}}}",
      ".oauth.extra_params.redirect_uri (line 1): is set by Martlet itself; leave it out"
    ),
    (
      "{oauth: {issuer: 'https://a', client_id: b, token_endpoint: 'https://a/t'}}",
      ".oauth.authorization_endpoint (line 1): is missing; an authorization server without metadata has to be described whole"
    ),
    ("{oauth: {resorce: false}}", ".oauth.resorce (line 1): unknown key; did you mean resource?"),
    (
      "{client_credentials: {client_id: a, client_secret: {file: secret}}}",
      ".client_credentials.issuer (line 1): is missing"
    ),
    (
      "{client_credentials: {issuer: 'https://a', client_id: a}}",
      ".client_credentials.client_secret (line 1): or key must be there, one of them; write {env: NAME} or {file: PATH}"
    ),
    (
      "{client_credentials: {issuer: 'https://a', client_id: a, key: {file: secret}}}",
      ".client_credentials.key (line 1): is no private key for ES256; a PEM file: openssl ecparam -genkey -name prime256v1 -noout"
    ),
  ])
  func oauthCredentials(credential: String, expected: String) {
    expect("servers: {a: {url: 'http://a/', credential: \(credential)}}", "servers.a.credential" + expected)
  }

  @Test(arguments: [
    (
      "clients: {a: {grants: [client_credentials]}}",
      "clients.a.auth (line 1): a client that acts for itself must prove itself; set secret, or auth: private_key_jwt"
    ),
    (
      "clients: {a: {auth: client_secret_basic, redirect_uris: ['https://a/b']}}",
      "clients.a.secret (line 1): is missing; write {env: NAME} or {file: PATH}"
    ),
    (
      "clients: {a: {secret: hunter2, redirect_uris: ['https://a/b']}}",
      "clients.a.secret (line 1): secrets don't stand in the file; write {env: NAME} or {file: PATH}"
    ),
    (
      "clients: {a: {secret: {env: NONE}, redirect_uris: ['https://a/b']}}",
      "clients.a.secret (line 1): the environment variable NONE is not set; set it before Martlet starts, or use {file: PATH}"
    ),
    (
      "clients: {a: {secret: {file: none}, redirect_uris: ['https://a/b']}}",
      "clients.a.secret.file (line 1): can't read FOLDER/none; check the path and its permissions"
    ),
    (
      "clients: {a: {secret: {file: empty}, redirect_uris: ['https://a/b']}}",
      "clients.a.secret (line 1): the file is empty"
    ),
    (
      "clients: {a: {secret: {}, redirect_uris: ['https://a/b']}}",
      "clients.a.secret (line 1): must name one source; write {env: NAME}, {file: PATH}, "
        + "{vault: …} or {aws_secret: …}"
    ),
    (
      "clients: {a: {auth: private_key_jwt, grants: [client_credentials]}}",
      "clients.a.jwks (line 1): is missing; write {file: client.jwks}"
    ),
    (
      "clients: {a: {jwks: {file: cert.pem}, grants: [client_credentials]}}",
      "clients.a.jwks (line 1): has no usable public key; the file must be a JSON Web Key Set: {\"keys\": [{\"kty\": …}]}"
    ),
    (
      "clients: {a: {jwks: {}, grants: [client_credentials]}}",
      "clients.a.jwks.file (line 1): is missing; write {file: client.jwks}"
    ),
    (
      "clients: {a: {jwks_uri: 'http://a/', grants: [client_credentials]}}",
      "clients.a.jwks_uri (line 1): must be an https URL; for example https://client.example.com/jwks.json"
    ),
    (
      "clients: {a: {redirect_uris: ['javascript:1']}}",
      "clients.a.redirect_uris (line 1): javascript:1 can't be a redirect URI"
    ),
    (
      "clients: {a: {grants: [authorization_code]}}",
      "clients.a.redirect_uris (line 1): is missing; for example [http://127.0.0.1/callback]"
    ),
    (
      "clients: {a: {grants: [password], redirect_uris: ['https://a/b']}}",
      "clients.a.grants (line 1): password is no grant; authorization_code, refresh_token, client_credentials, "
        + "urn:ietf:params:oauth:grant-type:device_code"
    ),
    (
      "clients: {a: {servers: [nope], redirect_uris: ['https://a/b']}}",
      "clients.a.servers (line 1): there is no server nope"
    ),
    (
      "clients: {a: {tenant: a b, redirect_uris: ['https://a/b']}}",
      "clients.a.tenant (line 1): is no tenant name; 1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'"
    ),
  ])
  func clients(text: String, expected: String) { expect(text, expected) }

  @Test(arguments: [
    (
      "tokens: {access_ttl: 3600}",
      "tokens.access_ttl (line 1): must be a number with a unit; for example 90s, 2m, 1h or 30d"
    ),
    ("tokens: {access_ttl: 25h}", "tokens.access_ttl (line 1): must be from 1s to 1d"),
    (
      "tokens: {access_ttl: 99999999999999999999d}",
      "tokens.access_ttl (line 1): must be a number with a unit; for example 90s, 2m, 1h or 30d"
    ),
    (
      "tokens: {refresh_ttl: 2d, refresh_max_ttl: 1d}",
      "tokens.refresh_max_ttl (line 1): is shorter than refresh_ttl; the whole family lives at least as long as one token"
    ),
    ("tokens: {reuse: forgive}", "tokens.reuse (line 1): must be revoke_family or refuse"),
    ("registration: {dcr: perhaps}", "registration.dcr (line 1): must be true or false"),
    (
      "registration: {unused_clients: 1e9}", "registration.unused_clients (line 1): must be a number from 10 to 1000000"
    ),
    (
      "assertion: {header: Authorization}",
      "assertion.header (line 1): can't carry the assertion; choose a name of your own, such as Martlet-Assertion"
    ),
    (
      "assertion: {header: Mcp-Param-x}",
      "assertion.header (line 1): can't carry the assertion; choose a name of your own, such as Martlet-Assertion"
    ),
    (
      "egress: {ca_file: none.pem}",
      "egress.ca_file (line 1): can't read FOLDER/none.pem; check the path and its permissions"
    ),
    (
      "identity: {local: false}",
      "identity.local (line 1): leaves nobody who can log in; set local: true or add a provider"
    ),
    ("identity: {providers: {corp: {client_id: a}}}", "identity.providers.corp.issuer (line 1): is missing"),
    (
      "identity: {providers: {corp: {client_id: a, issuer: id}}}",
      "identity.providers.corp.issuer (line 1): must be an absolute URL; for example https://id.example.com"
    ),
    (
      "identity: {providers: {corp: {client_id: a, issuer: 'http://id.example.com'}}}",
      "identity.providers.corp.issuer (line 1): must be https off loopback; for example https://id.example.com"
    ),
    (
      "identity: {providers: {corp: {client_id: a, issuer: 'https://a', scopes: [email]}}}",
      "identity.providers.corp.scopes (line 1): must contain openid; for example [openid, profile, email]"
    ),
    (
      "identity: {providers: {callback: {issuer: https://idp.example, client_id: m}}}",
      "identity.providers.callback (line 1): is a reserved name; its path is taken"
    ),
  ])
  func otherSections(text: String, expected: String) { expect(text, expected) }

  @Test func allProblemsAreToldTogether() {
    let text = """
      listen: nowhere
      servers:
        login: {url: http://a/, zork: 1}
        time: {url: nope}
      tokens:
        access_ttl: soon
      foo: 1
      """
    let lines = folder.problems(text).map { String($0.prefix { $0 != ":" }) }
    #expect(
      lines == [
        "listen (line 1)", "servers.login (line 3)", "servers.login.zork (line 3)", "servers.time.url (line 4)",
        "tokens.access_ttl (line 6)",
        "foo (line 7)",
      ])
  }

  @Test func everyReservedNameIsRefused() {
    for name in Configuration.reservedNames where ConfiguredName.hasForm(name) {
      let expected = ["servers.\(name) (line 1): is a reserved name; its path is taken"]
      #expect(folder.problems("servers: {\(name): {url: 'http://a/'}}") == expected)
    }
  }

  @Test func V_103_controlCharactersDoNotReachTheTerminal() {
    let lines = folder.problems("\"a\\e[31m\\nb\": 1\nallowed_origins: [\"\\u202Ex\"]")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { line in !line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E } })
  }

  @Test func bothFilesOfTheListenerAreLookedAtAndNothingElseIsConcluded() {
    let files = "tls: {cert: none.pem, key: no.pem}"
    let problems = folder.problems("listen: 0.0.0.0:8443\npublic_url: https://a.example\n" + files)
    #expect(problems.map { String($0.prefix(8)) } == ["tls.cert", "tls.key "], "\(problems)")
  }

  private func expect(_ text: String, _ expected: String) {
    #expect(folder.problems(text).map { $0.replacing(folder.path, with: "FOLDER") } == [expected])
  }
}
