import MCPProtocol
import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `servers:`.
extension ConfigurationReader {
  func servers() -> [Configuration.Server] {
    let section = root.section("servers")
    return section.names.compactMap { name in
      guard ConfiguredName.isValid(name) else {
        section.problem(name, ConfiguredName.rule(name))
        return nil
      }
      return server(name, section.section(name))
    }
  }

  private func server(_ name: String, _ section: ConfigurationSection) -> Configuration.Server? {
    section.allow(only: ConfigurationKeys.server)
    let texts = section.has("url") ? [section.string("url")].compactMap { $0 } : section.strings("urls") ?? []
    let key = section.has("url") ? "url" : "urls"
    if section.has("url"), section.has("urls") { section.problem("urls", "can't stand beside url", "keep one of them") }
    let urls = texts.compactMap { text -> AbsoluteURL? in
      guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else {
        section.problem(key, "must be absolute", "for example http://127.0.0.1:9001/mcp")
        return nil
      }
      return url
    }
    if !section.has("url"), !section.has("urls") {
      section.problem("url", "is missing", "for example http://127.0.0.1:9001/mcp")
    } else if texts.isEmpty, section.node(key)?.sequence != nil {
      section.problem(key, "names no instance", "for example [http://127.0.0.1:9001/mcp]")
    }
    checkCredential(section)
    let tenants = tenants(section)
    let revision = revision(section)
    guard !urls.isEmpty else { return nil }
    return Configuration.Server(name: ServerName(name), urls: urls, tenants: tenants, revision: revision)
  }

  private func tenants(_ section: ConfigurationSection) -> Set<TenantID>? {
    guard let names = section.strings("tenants") else { return nil }
    if names.isEmpty { section.problem("tenants", "admits nobody", "leave it out to admit every tenant") }
    for name in names where !TenantName.isValid(name) {
      section.problem("tenants", "\(PlainText.sanitized(name, limit: 64)) is no tenant name", TenantName.rule)
    }
    return Set(names.map { TenantID($0) })
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

  private func checkCredential(_ section: ConfigurationSection) {
    guard section.has("credential") else { return }
    if section.node("credential")?.scalar?.string == "none" { return }
    section.problem(
      "credential", "only none is supported so far", "upstream credentials come with the vault; leave it out")
  }
}

/// Names of servers, providers and clients in the file.
enum ConfiguredName {
  static func isValid(_ name: String) -> Bool { hasForm(name) && !Configuration.reservedNames.contains(name) }

  static func hasForm(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }

  static func rule(_ name: String) -> String {
    hasForm(name) ? "is a reserved name; its path is taken" : "must be 1 to 64 of a-z, 0-9 and -"
  }
}

/// Names of tenants.
public enum TenantName {
  /// What a name must look like, in words.
  public static let rule = "1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.'"

  /// Whether a name can be a tenant's.
  public static func isValid(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
          || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
      }
  }
}
