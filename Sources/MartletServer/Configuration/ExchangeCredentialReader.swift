import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `servers.NAME.credential.token_exchange` and `….id_jag`.
struct ExchangeCredentialReader {
  let section: ConfigurationSection
  let providers: [ProviderConfiguration]

  private var client: OAuthCredentialReader { OAuthCredentialReader(section: section) }

  func exchange() -> ServerCredential {
    section.allow(only: ConfigurationKeys.credentialExchange)
    let own = section.has("issuer")
    for key in ["client_id", "client_secret"] where section.has(key) && !own {
      section.problem("issuer", "is missing", "say whose client \(key) is about, or leave it out to be the provider's")
    }
    if own, !section.has("client_id") { section.problem("client_id", "is missing", "as issuer knows Martlet") }
    let kind = subjectToken()
    guard let provider = provider() else { return .none }
    let login = TokenExchangeSettings.Party(provider)
    guard let authority = own ? party() : login else { return .none }
    return .tokenExchange(settings(provider, login, authority, .exchange, kind))
  }

  func assertion() -> ServerCredential {
    section.allow(only: ConfigurationKeys.credentialAssertion)
    for key in ["issuer", "client_id"] where !section.has(key) { section.problem(key, "is missing") }
    guard let provider = provider() else { return .none }
    if !provider.isConfidential {
      section.problem(
        "provider", "must know Martlet's client_secret", "providers vouch for users to confidential clients alone")
    }
    guard let authority = party() else { return .none }
    if ByteString(authority.issuer) == ByteString(provider.issuer.string) {
      section.problem("issuer", "is the provider itself", "use {token_exchange: {provider: \(provider.name)}}")
    }
    return .tokenExchange(settings(provider, TokenExchangeSettings.Party(provider), authority, .assertion, .idToken))
  }

  private func settings(
    _ provider: ProviderConfiguration, _ login: TokenExchangeSettings.Party,
    _ authority: TokenExchangeSettings.Party, _ grant: TokenExchangeSettings.Grant,
    _ kind: TokenExchangeSettings.SubjectToken
  ) -> TokenExchangeSettings {
    TokenExchangeSettings(
      provider: provider.name, login: login, authority: authority, grant: grant, subjectToken: kind,
      audience: section.string("audience"), scopes: client.scopes() ?? ScopeSet(),
      sendsResource: section.bool("resource", default: true))
  }

  private func provider() -> ProviderConfiguration? {
    guard let name = section.string("provider") else {
      if !section.has("provider") { section.problem("provider", "is missing", Self.hint(providers)) }
      return nil
    }
    let provider = providers.first { ByteString($0.name) == ByteString(name) }
    if provider == nil { section.problem("provider", "is no identity provider", Self.hint(providers)) }
    return provider
  }

  private static func hint(_ providers: [ProviderConfiguration]) -> String {
    providers.isEmpty
      ? "add one under identity.providers" : "one of " + providers.map(\.name).joined(separator: ", ")
  }

  private func party() -> TokenExchangeSettings.Party? {
    let (issuer, clientID) = (client.issuer(), client.clientID())
    let (secret, method) = (section.secret("client_secret"), client.secretMethod())
    guard let issuer, let clientID else { return nil }
    return TokenExchangeSettings.Party(issuer: issuer, clientID: clientID, clientSecret: secret, secretMethod: method)
  }

  private func subjectToken() -> TokenExchangeSettings.SubjectToken {
    guard let name = section.string("subject_token") else { return .accessToken }
    let kind = TokenExchangeSettings.SubjectToken.allCases.first { ByteString($0.rawValue) == ByteString(name) }
    if kind == nil { section.problem("subject_token", "is nothing that a login has", "access_token or id_token") }
    return kind ?? .accessToken
  }
}

extension TokenExchangeSettings.Party {
  /// Martlet as its users' identity provider knows it.
  fileprivate init(_ provider: ProviderConfiguration) {
    self.init(issuer: provider.issuer.string, clientID: provider.clientID, clientSecret: provider.clientSecret)
  }
}
