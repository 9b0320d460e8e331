import Crypto
import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `servers.NAME.credential.oauth` and `….client_credentials`.
struct OAuthCredentialReader {
  /// Parameters that Martlet sets itself: another value would take away what they protect.
  private static let ownParameters: Set<String> = [
    "response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "code",
    "code_challenge", "code_challenge_method", "resource", "request", "request_uri", "nonce",
  ]

  let section: ConfigurationSection

  func userAccounts() -> ServerCredential {
    section.allow(only: ConfigurationKeys.credentialOAuth)
    let issuer = issuer()
    let secret = section.secret("client_secret")
    if section.has("client_secret") {
      if !section.has("client_id") { section.problem("client_id", "is missing", "the secret is some client's") }
      if !section.has("issuer") {
        section.problem("issuer", "is missing", "say whom the secret is for; nobody else gets to see it")
      }
    }
    return .oauth(
      OAuthConnectionSettings(
        issuer: issuer, clientID: clientID(), clientSecret: secret, secretMethod: secretMethod(), scopes: scopes(),
        sendsResource: section.bool("resource", default: true), extraParameters: extraParameters(),
        endpoints: endpoints()))
  }

  func ownAccount() -> ServerCredential {
    section.allow(only: ConfigurationKeys.credentialClient)
    for key in ["issuer", "client_id"] where !section.has(key) { section.problem(key, "is missing") }
    if section.has("client_secret") == section.has("key") {
      section.problem("client_secret", "or key must be there, one of them", "write {env: NAME} or {file: PATH}")
    }
    let (issuer, clientID, scopes) = (issuer(), clientID(), scopes())
    let isResourceSent = section.bool("resource", default: true)
    let method = secretMethod()
    let proof = section.secret("client_secret").map { ClientCredentialsSettings.Proof.secret($0, method) } ?? key()
    guard let issuer, let clientID, let proof else { return .none }
    return .clientCredentials(
      ClientCredentialsSettings(
        issuer: issuer, clientID: clientID, proof: proof, scopes: scopes ?? ScopeSet(), sendsResource: isResourceSent))
  }

  func secretMethod() -> ClientAuthenticationMethod? {
    guard let name = section.string("auth_method") else { return nil }
    if !section.has("client_secret") { section.problem("auth_method", "says nothing without client_secret") }
    let known: [ClientAuthenticationMethod] = [.clientSecretBasic, .clientSecretPost]
    guard let method = known.first(where: { ByteString($0.rawValue) == ByteString(name) }) else {
      section.problem("auth_method", "is no way to show a secret", "client_secret_basic or client_secret_post")
      return nil
    }
    return method
  }

  func issuer() -> String? {
    guard let text = section.string("issuer") else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.query == nil, url.fragment == nil else {
      section.problem("issuer", "must be an absolute URL", "for example https://id.example.com")
      return nil
    }
    requireHTTPS(url, "issuer")
    return text
  }

  private func requireHTTPS(_ url: AbsoluteURL, _ key: String) {
    guard url.scheme == .http, !url.host.isLoopback else { return }
    section.problem(key, "must be https off loopback", "for example https://id.example.com")
  }

  func clientID() -> String? {
    guard let text = section.string("client_id") else { return nil }
    guard (1...2048).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      section.problem("client_id", "must be visible ASCII characters", "as the authorization server shows it")
      return nil
    }
    return text
  }

  func scopes() -> ScopeSet? {
    guard let names = section.strings("scopes") else { return nil }
    for name in names where !ScopeSet.isValid(name) {
      section.problem("scopes", "\(PlainText.sanitized(name, limit: 100)) is no scope", "write [read, write]")
    }
    return ScopeSet(names)
  }

  private func extraParameters() -> [ExtraParameter] {
    let extra = section.section("extra_params")
    return extra.names.compactMap { name in
      guard !Self.ownParameters.contains(name) else {
        extra.problem(name, "is set by Martlet itself", "leave it out")
        return nil
      }
      return extra.string(name).map { ExtraParameter(name: name, value: $0) }
    }
  }

  /// Endpoints written down stand for metadata that nobody publishes, so they need a name to be known by.
  private func endpoints() -> AuthorizationEndpoints? {
    guard section.has("authorization_endpoint") || section.has("token_endpoint") else {
      if section.has("revocation_endpoint") {
        section.problem("token_endpoint", "is missing", "endpoints are written down all or none")
      }
      return nil
    }
    for key in ["authorization_endpoint", "token_endpoint", "issuer", "client_id"] where !section.has(key) {
      section.problem(key, "is missing", "an authorization server without metadata has to be described whole")
    }
    guard let authorization = endpoint("authorization_endpoint"), let token = endpoint("token_endpoint") else {
      return nil
    }
    return AuthorizationEndpoints(
      authorization: authorization, token: token, revocation: endpoint("revocation_endpoint"))
  }

  private func endpoint(_ key: String) -> String? {
    guard let text = section.string(key) else { return nil }
    guard let url = try? AbsoluteURL(parsing: text), url.fragment == nil else {
      section.problem(key, "must be an absolute URL", "for example https://id.example.com/token")
      return nil
    }
    requireHTTPS(url, key)
    return text
  }

  private func key() -> ClientCredentialsSettings.Proof? {
    guard let pem = section.secret("key") else { return nil }
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: ByteString(pem.expose()).string) else {
      section.problem(
        "key", "is no private key for ES256", "a PEM file: openssl ecparam -genkey -name prime256v1 -noout")
      return nil
    }
    let unnamed = JSONWebKey(p256: key.publicKey, keyID: "")
    return .key(JWTSigner(key: key, keyID: unnamed.thumbprint, type: "JWT"))
  }
}
