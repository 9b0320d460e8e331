import MartletAuthorizationServer
import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding
import Yams

/// Turns the sections of a file into a configuration.
struct ConfigurationReader {
  let root: ConfigurationSection
  let environment: ConfigurationEnvironment

  /// Reads everything, so that all problems are found in one go.
  ///
  /// - Returns: A configuration that counts only if no problem was collected; `nil` where not even the origin can be
  ///   told.
  func read() -> Configuration? {
    root.allow(only: ConfigurationKeys.root)
    let listen = listen()
    let tls = tls()
    guard let (origin, isDerived) = origin(listen, isSecure: root.has("tls")) else { return nil }
    var configuration = Configuration(
      publicURL: origin, publicURLFollowsListener: isDerived, listen: listen, tls: tls,
      dataDirectory: root.path("data_dir") ?? environment.resolve("data"))
    configuration.trustedProxies = ranges(root, "trusted_proxies")
    configuration.allowedHosts = hosts()
    configuration.allowedOrigins = origins(isLoopback: listen.isLoopback && origin.host.isLoopback)
    configuration.httpCodec = root.choice("http_codec", default: .martlet)
    readLog(into: &configuration)
    readAssertion(into: &configuration)
    configuration.egress = egress()
    let managers = environment.remote.map { remote in
      let managers = SecretsReader(
        section: root.section("secrets"), authorityFile: configuration.egress.authorityFile
      ).read()
      remote.use(managers)
      return managers
    }
    configuration.masterKey = MasterKeyReader(root: root, managers: managers).read()
    readIdentity(into: &configuration)
    configuration.servers = servers(
      assertionHeader: configuration.assertionHeader, providers: configuration.providers)
    configuration.registration = registration()
    configuration.tokens = tokens()
    configuration.deviceGrant = deviceGrant()
    if root.has("policy") {
      configuration.policy = PolicyReader(
        section: root.section("policy"), servers: configuration.servers.map(\.name), version: policyVersion
      ).read()
    }
    configuration.opa = opa()
    configuration.approvals = approvals()
    if root.has("limits") {
      configuration.limits = LimitsReader(
        section: root.section("limits"), servers: configuration.servers.map(\.name)
      ).read()
    }
    configuration.audit = AuditReader(section: root.section("audit")).read()
    configuration.clients = ClientsReader(
      section: root.section("clients"), servers: Set(configuration.servers.map(\.name))
    ).read()
    checkListener(configuration)
    return configuration
  }

  /// SHA-256 of the section as it means, whatever its comments and indentation.
  private var policyVersion: [UInt8] {
    let text = root.node("policy").flatMap { try? Yams.serialize(node: $0) } ?? ""
    return ApprovalCall.digest(of: Array(text.utf8))
  }

  func ranges(_ section: ConfigurationSection, _ key: String) -> [CIDR] {
    (section.strings(key) ?? []).compactMap { text in
      guard let range = CIDR(text) else {
        section.problem(key, "\(PlainText.sanitized(text, limit: 100)) is no address range", "for example 10.0.0.0/8")
        return nil
      }
      return range
    }
  }

  private func readLog(into configuration: inout Configuration) {
    let section = root.section("log")
    section.allow(only: ConfigurationKeys.log)
    configuration.logFormat = section.choice("format", default: .text)
    configuration.logLevel = section.choice("level", default: .info)
  }

  private func registration() -> RegistrationSettings {
    let section = root.section("registration")
    section.allow(only: ConfigurationKeys.registration)
    var settings = RegistrationSettings()
    settings.acceptsMetadataDocuments = section.bool("cimd", default: settings.acceptsMetadataDocuments)
    settings.acceptsDynamicRegistration = section.bool("dcr", default: settings.acceptsDynamicRegistration)
    settings.unusedLifetime = section.duration(
      "unused_ttl", default: settings.unusedLifetime, in: .seconds(60) ... .seconds(90 * 86_400))
    if let text = section.string("unused_clients") {
      if let count = DecimalText.parse(text), (10...1_000_000).contains(count) {
        settings.unusedClients = count
      } else {
        section.problem("unused_clients", "must be a number from 10 to 1000000")
      }
    }
    return settings
  }

  private func tokens() -> TokenSettings {
    let section = root.section("tokens")
    section.allow(only: ConfigurationKeys.tokens)
    var settings = TokenSettings()
    let year = Duration.seconds(365 * 86_400)
    settings.accessLifetime = section.duration(
      "access_ttl", default: settings.accessLifetime, in: .seconds(1) ... .seconds(86_400))
    settings.refreshLifetime = section.duration(
      "refresh_ttl", default: settings.refreshLifetime, in: .seconds(1)...year)
    settings.refreshFamilyLifetime = section.duration(
      "refresh_max_ttl", default: settings.refreshFamilyLifetime, in: .seconds(1)...year * 5)
    settings.replayWindow = section.duration(
      "replay_window", default: settings.replayWindow, in: .zero ... .seconds(3600))
    settings.signingKeyLifetime = section.duration(
      "signing_key_ttl", default: settings.signingKeyLifetime, in: .seconds(3600)...year * 5)
    if let text = section.string("reuse") {
      if let reuse = RefreshReusePolicy(rawValue: text) {
        settings.reuse = reuse
      } else {
        section.problem("reuse", "must be revoke_family or refuse")
      }
    }
    if settings.refreshFamilyLifetime < settings.refreshLifetime {
      section.problem(
        "refresh_max_ttl", "is shorter than refresh_ttl", "the whole family lives at least as long as one token")
    }
    return settings
  }

  private func deviceGrant() -> DeviceGrantSettings {
    let section = root.section("device_grant")
    section.allow(only: ConfigurationKeys.deviceGrant)
    var settings = DeviceGrantSettings()
    settings.isEnabled = section.bool("enabled", default: settings.isEnabled)
    settings.lifetime = section.duration("ttl", default: settings.lifetime, in: .seconds(60) ... .seconds(1800))
    return settings
  }

  private func readAssertion(into configuration: inout Configuration) {
    let section = root.section("assertion")
    section.allow(only: ConfigurationKeys.assertion)
    if let header = section.string("header") {
      if HeaderName.isFreeForAssertion(header) {
        configuration.assertionHeader = HeaderName.lowered(header)
      } else {
        section.problem("header", "can't carry the assertion", "choose a name of your own, such as Martlet-Assertion")
      }
    }
    configuration.assertionLifetime = section.duration(
      "ttl", default: configuration.assertionLifetime, in: .seconds(5) ... .seconds(3600))
  }

  private func egress() -> Configuration.Egress {
    let section = root.section("egress")
    section.allow(only: ConfigurationKeys.egress)
    var egress = Configuration.Egress()
    egress.allow = ranges(section, "allow")
    if section.file("ca_file") != nil { egress.authorityFile = section.path("ca_file") }
    return egress
  }
}
