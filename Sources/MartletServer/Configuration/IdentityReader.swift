import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `identity:`.
extension ConfigurationReader {
  func readIdentity(into configuration: inout Configuration) {
    let section = root.section("identity")
    section.allow(only: ConfigurationKeys.identity)
    configuration.acceptsLocalUsers = section.bool("local", default: true)
    let providers = section.section("providers")
    configuration.providers = providers.names.compactMap { name in
      guard ConfiguredName.isValid(name) else {
        providers.problem(name, ConfiguredName.rule(name))
        _ = provider(name, providers.section(name))
        return nil
      }
      return provider(name, providers.section(name))
    }
    if !configuration.acceptsLocalUsers, configuration.providers.isEmpty, providers.names.isEmpty {
      section.problem("local", "leaves nobody who can log in", "set local: true or add a provider")
    }
  }

  private func provider(_ name: String, _ section: ConfigurationSection) -> ProviderConfiguration? {
    section.allow(only: ConfigurationKeys.provider)
    for key in ["issuer", "client_id"] where !section.has(key) { section.problem(key, "is missing") }
    let secret = section.secret("client_secret")
    let scopes = section.strings("scopes") ?? ["openid", "profile", "email"]
    if !scopes.contains(where: { ByteString($0) == "openid" }) {
      section.problem("scopes", "must contain openid", "for example [openid, profile, email]")
    }
    guard let text = section.string("issuer"), let clientID = section.string("client_id") else { return nil }
    guard let issuer = try? AbsoluteURL(parsing: text), issuer.query == nil, issuer.fragment == nil else {
      section.problem("issuer", "must be an absolute URL", "for example https://id.example.com")
      return nil
    }
    if issuer.scheme == .http, !issuer.host.isLoopback {
      section.problem("issuer", "must be https off loopback", "for example https://id.example.com")
    }
    return ProviderConfiguration(
      name: name, issuer: issuer, clientID: clientID, clientSecret: secret,
      isConfidential: section.has("client_secret"), tenantClaim: section.string("tenant_claim"),
      groupsClaim: section.string("groups_claim"), scopes: scopes)
  }
}
