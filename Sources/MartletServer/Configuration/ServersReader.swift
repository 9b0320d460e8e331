import MCPProtocol
import MartletDomain
import MartletProxy
import OAuthClient
import OAuthProtocol
import StrictCoding

/// Reads `servers:`.
extension ConfigurationReader {
  func servers(assertionHeader: String, providers: [ProviderConfiguration]) -> [Configuration.Server] {
    let section = root.section("servers")
    return section.names.compactMap { name in
      guard ConfiguredName.isValid(name) else {
        section.problem(name, ConfiguredName.rule(name))
        // What else is wrong with it is told, too.
        _ = server(name, section.section(name), assertionHeader, providers)
        return nil
      }
      return server(name, section.section(name), assertionHeader, providers)
    }
  }

  private func server(
    _ name: String, _ section: ConfigurationSection, _ assertionHeader: String, _ providers: [ProviderConfiguration]
  ) -> Configuration.Server? {
    section.allow(only: ConfigurationKeys.server)
    let instances = instances(section)
    let credential = CredentialReader(
      section: section, assertionHeader: assertionHeader, providers: providers
    ).read()
    let tenants = section.tenants()
    let revision = revision(section)
    let destinations = section.hosts("destinations")
    guard !instances.isEmpty else { return nil }
    return Configuration.Server(
      name: ServerName(name), instances: instances, tenants: tenants, revision: revision, credential: credential,
      destinations: destinations)
  }

  private func instances(_ section: ConfigurationSection) -> [UpstreamAddress] {
    if section.has("url") {
      if section.has("urls") { section.problem("urls", "can't stand beside url", "keep one of them") }
      return [url(section)].compactMap { $0 }.map { UpstreamAddress(url: $0) }
    }
    guard section.has("urls") else {
      section.problem("url", "is missing", "for example http://127.0.0.1:9001/mcp")
      return []
    }
    guard let elements = section.sections("urls", shorthand: "url") else { return [] }
    if elements.isEmpty { section.problem("urls", "names no instance", "for example [http://127.0.0.1:9001/mcp]") }
    let instances = elements.compactMap { element -> UpstreamAddress? in
      element.allow(only: ConfigurationKeys.instance)
      if !element.has("url") { element.problem("url", "is missing", "for example http://127.0.0.1:9001/mcp") }
      let isDraining = element.bool("drain", default: false)
      return url(element).map { UpstreamAddress(url: $0, isDraining: isDraining) }
    }
    if Set(instances.map(\.url)).count < instances.count { section.problem("urls", "names an instance twice") }
    if !instances.isEmpty, instances.allSatisfy(\.isDraining) {
      section.problem("urls", "drains every instance", "leave one at least that takes what the others give up")
    }
    return instances
  }

  private func url(_ section: ConfigurationSection) -> AbsoluteURL? {
    guard let text = section.string("url") else { return nil }
    do throws(AbsoluteURLError) {
      let url = try AbsoluteURL(parsing: text)
      if url.fragment == nil { return url }
    } catch {
      if error == .userInfo {
        section.problem("url", "must not hold a user name or password", "a server's key stands in its credential")
        return nil
      }
    }
    section.problem("url", "must be absolute", "for example http://127.0.0.1:9001/mcp")
    return nil
  }

  private func revision(_ section: ConfigurationSection) -> ProtocolRevision? {
    guard let text = section.string("protocol"), text != "auto" else { return nil }
    guard let revision = ProtocolRevision(text) else {
      let known = ProtocolRevision.allCases.map(\.rawValue).joined(separator: ", ")
      section.problem("protocol", "is no revision of MCP", "auto, or one of \(known)")
      return nil
    }
    return revision
  }
}

extension ConfigurationSection {
  /// A list of hosts.
  func hosts(_ key: String) -> HostList? {
    guard let texts = strings(key) else { return nil }
    let hosts = texts.isEmpty ? nil : HostList(texts)
    if hosts == nil { problem(key, "must be a list of hosts", "write [auth.example.com, \"*.example.com\"]") }
    return hosts
  }
}

extension ConfigurationSection {
  /// The tenants that something is for; `nil` for every tenant.
  func tenants() -> Set<TenantID>? {
    guard let names = strings("tenants") else { return nil }
    if names.isEmpty { problem("tenants", "admits nobody", "leave it out to admit every tenant") }
    for name in names where !TenantName.isValid(name) {
      problem("tenants", "\(PlainText.sanitized(name, limit: 64)) is no tenant name", TenantName.rule)
    }
    return Set(names.map { TenantID($0) })
  }
}
