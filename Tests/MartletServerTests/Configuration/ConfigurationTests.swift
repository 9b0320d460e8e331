import Foundation
import MartletAuthorizationServer
import MartletDomain
import MartletTestSupport
import OAuthProtocol
import Testing

@testable import MartletServer

@Suite struct ConfigurationTests {
  private static let variables = ["CORP_CLIENT_SECRET": "s3cret", "WEATHER_KEY": "k3y"]

  private let folder: ConfigurationFolder

  init() throws { folder = try ConfigurationFolder(ConfigurationExamples.files) }

  /// X12: the inspector works out of the box where nobody else can come, and nowhere else.
  @Test(arguments: [
    ("servers: {}", 2), ("allowed_origins: []", 0), ("public_url: https://gw.example", 0),
    ("{listen: '0.0.0.0:1', public_url: 'https://gw.example', trusted_proxies: [10.0.0.0/8]}", 0),
  ])
  func theInspectorMayCallOnLoopback(text: String, count: Int) throws {
    let origins = try folder.parse(text).allowedOrigins
    #expect(origins.count == count && origins.allSatisfy { $0.port == 6274 && $0.host.isLoopback })
  }

  @Test func everyKeyIsRead() throws {
    let configuration = try folder.parse(ConfigurationExamples.complete, variables: Self.variables)
    #expect(configuration.publicURL.string == "https://gateway.example.com")
    #expect(!configuration.publicURLFollowsListener)
    #expect(configuration.listen == Configuration.Address(host: "127.0.0.1", port: 8443))
    #expect(configuration.tls?.certificate == folder.path + "/cert.pem")
    #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "::1/128"])
    #expect(configuration.allowedHosts == ["gateway.internal:8443"])
    #expect(configuration.allowedOrigins.map(\.string) == ["http://localhost:6274"])
    #expect(configuration.dataDirectory == folder.path + "/./data")
    #expect(configuration.logFormat == .json && configuration.logLevel == .debug)
    #expect(configuration.servers.map(\.name.string) == ["time", "weather"])
    #expect(configuration.servers[0].tenants == [.default] && configuration.servers[0].revision == nil)
    #expect(configuration.servers[1].instances.map(\.url.string) == ["http://10.0.0.1/mcp", "http://10.0.0.2/mcp"])
    #expect(configuration.servers[1].instances.map(\.isDraining) == [false, true])
    #expect(configuration.servers[1].revision?.rawValue == "2025-11-25")
    #expect(configuration.servers[1].tenants == nil)
    #expect(configuration.servers[0].credential.fixedHeader == nil)
    #expect(configuration.servers[1].credential.fixedHeader?.header == "x-api-key")
    #expect(configuration.servers[1].credential.fixedHeader?.value.matches("k3y".utf8) == true)
    #expect(configuration.assertionHeader == "x-caller" && configuration.assertionLifetime == .seconds(30))
    #expect(configuration.egress.allow.count == 1 && configuration.egress.authorityFile == folder.path + "/ca.pem")
  }

  @Test func tokensRegistrationAndIdentityAreRead() throws {
    let configuration = try folder.parse(ConfigurationExamples.complete, variables: Self.variables)
    #expect(!configuration.registration.acceptsMetadataDocuments)
    #expect(!configuration.registration.acceptsDynamicRegistration)
    #expect(
      configuration.registration.unusedLifetime == .seconds(43_200) && configuration.registration.unusedClients == 100)
    #expect(configuration.tokens.accessLifetime == .seconds(7200) && configuration.tokens.replayWindow == .seconds(60))
    #expect(configuration.tokens.refreshLifetime == .seconds(20 * 86_400) && configuration.tokens.reuse == .refuse)
    #expect(configuration.tokens.refreshFamilyLifetime == .seconds(300 * 86_400))
    #expect(configuration.acceptsLocalUsers)
    let provider = try #require(configuration.providers.first)
    #expect(provider.name == "corp" && provider.issuer.string == "https://id.example.com")
    #expect(provider.clientSecret?.matches("s3cret".utf8) == true)
    #expect(provider.tenantClaim == "org_id" && provider.groupsClaim == "groups")
    #expect(provider.scopes == ["openid", "profile", "email"])
    let machine = try #require(configuration.clients.first { $0.id == "ci" })
    #expect(machine.grantTypes == [.clientCredentials] && machine.authenticationMethod == .privateKeyJWT)
    #expect(machine.servers == ["time"] && machine.keySet != nil && machine.origin == .configuration)
    let editor = try #require(configuration.clients.first { $0.id == "editor" })
    #expect(editor.authenticationMethod == .none && editor.grantTypes == [.authorizationCode, .refreshToken])
    #expect(editor.name == "An editor" && editor.servers == nil)
  }

  /// What docs/reference/configuration.md says holds without a key, spelled out, changes nothing.
  @Test func documentedDefaultsAreTheDefaults() throws {
    func section(_ name: String, _ keys: [ConfigurationKey], without left: Set<String> = []) -> String {
      let pairs = keys.filter { !left.contains($0.name) }.map { "\($0.name): \($0.fallback)" }
      return "\(name): {\(pairs.joined(separator: ", "))}\n"
    }
    let text =
      section("tokens", ConfigurationKeys.tokens) + section("registration", ConfigurationKeys.registration)
      + section("assertion", ConfigurationKeys.assertion) + section("log", ConfigurationKeys.log)
      + section("egress", ConfigurationKeys.egress, without: ["ca_file"])
      + section("identity", ConfigurationKeys.identity, without: ["providers"])
      + "listen: 127.0.0.1:8080\ntrusted_proxies: []\nallowed_hosts: []\nallowed_origins: []\ndata_dir: data\n"
    let written = try folder.parse(text)
    let absent = try folder.parse("")
    #expect(written.tokens == absent.tokens)
    #expect(written.registration == absent.registration)
    #expect(written.assertionHeader == absent.assertionHeader)
    #expect(written.assertionLifetime == absent.assertionLifetime)
    #expect(written.logFormat == absent.logFormat && written.logLevel == absent.logLevel)
    #expect(written.listen == absent.listen && written.publicURL == absent.publicURL)
    #expect(written.dataDirectory == absent.dataDirectory)
    #expect(written.acceptsLocalUsers == absent.acceptsLocalUsers)
  }

  @Test func emptyTextIsTheDefaults() throws {
    let configuration = try folder.parse("")
    #expect(configuration.publicURL.string == "http://127.0.0.1:8080" && configuration.publicURLFollowsListener)
    #expect(configuration.servers.isEmpty && configuration.clients.isEmpty && configuration.tls == nil)
  }

  @Test func tinyValuesForTestsAreFine() throws {
    let configuration = try folder.parse(
      "tokens: {access_ttl: 2s, refresh_ttl: 3s, refresh_max_ttl: 3s, replay_window: 0s}\nlisten: 127.0.0.1:0")
    #expect(configuration.tokens.accessLifetime == .seconds(2) && configuration.tokens.replayWindow == .zero)
    #expect(configuration.listen.port == 0)
  }

  @Test func secretsComeFromEnvironmentOrFile() throws {
    let text = "clients: {a: {secret: {file: secret}, redirect_uris: ['https://a.example/cb']}}"
    let client = try #require(try folder.parse(text).clients.first)
    #expect(client.authenticationMethod == .clientSecretBasic)
    #expect(client.secretDigests == [ArtefactDigest(clientSecret: "s3".utf8)])
  }

  @Test func commandsThatNeedNoSecretGoOnWithoutIt() throws {
    let environment = ConfigurationEnvironment(variables: [:], folder: folder.path, requiresSecrets: false)
    let configuration = try ConfigurationFile.parse(ConfigurationExamples.complete, environment: environment)
    #expect(configuration.providers.first?.clientSecret == nil)
  }

  @Test func serveWithoutAFile() throws {
    let configuration = try Configuration.withoutFile(
      upstream: "http://127.0.0.1:9001/mcp", name: "demo", listen: "127.0.0.1:9999", dataDirectory: "it's here")
    #expect(configuration.servers.map(\.name.string) == ["demo"])
    #expect(configuration.listen.port == 9999 && configuration.dataDirectory == "it's here")
  }

  @Test(
    arguments: [
      ("nope", "time", nil, "--upstream: must be absolute; for example http://127.0.0.1:9001/mcp"),
      ("http://a/", "token", nil, "--name: is a reserved name; its path is taken"),
      ("http://a/", "A'B: {}", nil, "--name: must be 1 to 64 of a-z, 0-9 and -"),
      ("http://a/", "a", "8080", "--listen: must be an address and a port; for example 127.0.0.1:8080, or 0.0.0.0:443"),
    ] as [(String, String, String?, String)])
  func problemsOfTheCommandLineNameTheOption(upstream: String, name: String, listen: String?, expected: String) {
    #expect {
      try Configuration.withoutFile(upstream: upstream, name: name, listen: listen)
    } throws: { error in
      (error as? ConfigurationProblems)?.description == expected
    }
  }

  @Test func missingFileSaysWhatToDo() {
    #expect {
      try ConfigurationFile.load("\(folder.path)/none.yaml")
    } throws: { error in
      "\(error)".hasSuffix("start without a file: martlet serve --upstream http://127.0.0.1:9001/mcp")
    }
  }

  @Test func aFileMayBeginWithAByteOrderMark() throws {
    let path = "\(folder.path)/marked.yaml"
    try Data([0xEF, 0xBB, 0xBF] + Array("public_url: https://mcp.example.com\n".utf8)).write(
      to: URL(fileURLWithPath: path))
    #expect(try ConfigurationFile.load(path).publicURL.string == "https://mcp.example.com")
  }

  @Test func S_15_configurationFuzzNeverTraps() {
    let random = SeededRandom(seed: 7)
    let original = Array(ConfigurationExamples.complete.utf8)
    let bytes: [UInt8] = Array("{}[]:,'\"|>&*!%@#?-\n \t\\0a\u{7F}".utf8) + [0x00, 0xFF, 0xE2, 0x80]
    var generator: any RandomNumberGenerator = random
    for _ in 0..<TestCounts.pick(reduced: 2_000, full: 100_000) {
      var text = original
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0..<text.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text[place] = bytes[Int.random(in: 0..<bytes.count, using: &generator)]
        case 1: text.insert(bytes[Int.random(in: 0..<bytes.count, using: &generator)], at: place)
        default: text.removeSubrange(place..<min(text.count, place + 12))
        }
      }
      _ = folder.problems(String(decoding: text, as: UTF8.self))
    }
  }
}
