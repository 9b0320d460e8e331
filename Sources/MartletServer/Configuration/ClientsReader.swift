import MartletAuthorizationServer
import MartletDomain
import OAuthProtocol
import StrictCoding

/// Reads `clients:`: OAuth clients written in the file.
struct ClientsReader {
  let section: ConfigurationSection
  let servers: Set<ServerName>

  func read() -> [RegisteredClient] {
    section.names.compactMap { name in
      guard ConfiguredName.hasForm(name) else {
        section.problem(name, ConfiguredName.rule(name))
        return nil
      }
      return client(name, section.section(name))
    }
  }

  private func client(_ name: String, _ section: ConfigurationSection) -> RegisteredClient? {
    section.allow(only: ConfigurationKeys.client)
    if let tenant = section.string("tenant"), !TenantName.isValid(tenant) {
      section.problem("tenant", "is no tenant name", TenantName.rule)
    }
    let redirectURIs = redirectURIs(section)
    let grants = grants(section, hasRedirects: section.has("redirect_uris"))
    let secret = section.secret("secret")
    let keys = keySet(section)
    let method = method(
      section, hasSecret: section.has("secret"), hasKeys: section.has("jwks") || section.has("jwks_uri"))
    check(section, method, grants, redirectURIs)
    return RegisteredClient(
      id: ClientID(name), origin: .configuration, tenant: section.string("tenant").map { TenantID($0) } ?? .default,
      name: PlainText.sanitized(section.string("name") ?? name, limit: 100), redirectURIs: redirectURIs,
      grantTypes: grants, authenticationMethod: method,
      secretDigests: secret.map { [ArtefactDigest(clientSecret: $0.expose())] } ?? [], keySet: keys,
      keySetURI: section.string("jwks_uri"), servers: allowedServers(section), createdAt: .distantPast,
      firstUsedAt: .distantPast)
  }

  private func keySet(_ section: ConfigurationSection) -> [UInt8]? {
    if let text = section.string("jwks_uri"), (try? AbsoluteURL(parsing: text))?.scheme != .https {
      section.problem("jwks_uri", "must be an https URL", "for example https://client.example.com/jwks.json")
    }
    guard section.has("jwks") else { return nil }
    if section.has("jwks_uri") { section.problem("jwks_uri", "can't stand beside jwks", "keep one of them") }
    let reference = section.section("jwks")
    reference.allow(names: ["file"])
    if !reference.has("file") { reference.problem("file", "is missing", "write {file: client.jwks}") }
    guard let bytes = reference.file("file") else { return nil }
    if (try? JSONWebKeySet(parsing: bytes))?.keys.isEmpty ?? true {
      section.problem(
        "jwks", "has no usable public key", "the file must be a JSON Web Key Set: {\"keys\": [{\"kty\": …}]}")
    }
    return bytes
  }

  private func redirectURIs(_ section: ConfigurationSection) -> [RedirectURI] {
    (section.strings("redirect_uris") ?? []).compactMap { text in
      guard let uri = try? RedirectURI(registering: text, policy: .default) else {
        section.problem("redirect_uris", "\(PlainText.sanitized(text, limit: 100)) can't be a redirect URI")
        return nil
      }
      return uri
    }
  }

  private func grants(_ section: ConfigurationSection, hasRedirects: Bool) -> Set<GrantType> {
    guard let names = section.strings("grants") else {
      return hasRedirects ? [.authorizationCode, .refreshToken] : [.clientCredentials]
    }
    return Set(
      names.compactMap { name in
        guard let grant = GrantType.forOperators.first(where: { $0.rawValue == name }) else {
          section.problem(
            "grants", "\(PlainText.sanitized(name, limit: 100)) is no grant",
            GrantType.forOperators.map(\.rawValue).joined(separator: ", "))
          return nil
        }
        return grant
      })
  }

  private func method(_ section: ConfigurationSection, hasSecret: Bool, hasKeys: Bool) -> ClientAuthenticationMethod {
    guard let text = section.string("auth") else {
      return hasKeys ? .privateKeyJWT : hasSecret ? .clientSecretBasic : .none
    }
    guard let method = ClientAuthenticationMethod(rawValue: text) else {
      section.problem("auth", "must be none, client_secret_basic, client_secret_post or private_key_jwt")
      return .none
    }
    return method
  }

  private func check(
    _ section: ConfigurationSection, _ method: ClientAuthenticationMethod, _ grants: Set<GrantType>,
    _ redirectURIs: [RedirectURI]
  ) {
    switch method {
    case .none:
      if grants.contains(.clientCredentials) {
        section.problem(
          "auth", "a client that acts for itself must prove itself", "set secret, or auth: private_key_jwt")
      }
    case .privateKeyJWT:
      if !section.has("jwks"), !section.has("jwks_uri") {
        section.problem("jwks", "is missing", "write {file: client.jwks}")
      }
    default:
      if !section.has("secret") { section.problem("secret", "is missing", "write {env: NAME} or {file: PATH}") }
    }
    if grants.contains(.authorizationCode), redirectURIs.isEmpty, !section.has("redirect_uris") {
      section.problem("redirect_uris", "is missing", "for example [http://127.0.0.1/callback]")
    }
  }

  private func allowedServers(_ section: ConfigurationSection) -> Set<ServerName>? {
    guard let names = section.strings("servers") else { return nil }
    let allowed = Set(names.map { ServerName($0) })
    for name in allowed.subtracting(servers).sorted() {
      section.problem("servers", "there is no server \(PlainText.sanitized(name.string, limit: 64))")
    }
    return allowed
  }
}

extension GrantType {
  /// What an operator can give a client.
  public static let forOperators: [GrantType] = [
    .authorizationCode, .refreshToken, .clientCredentials, .deviceCode,
  ]
}

/// Header names.
enum HeaderName {
  private static let taken: Set<String> = [
    "authorization", "cookie", "host", "origin", "content-type", "content-length", "accept", "connection",
    "transfer-encoding", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name", "last-event-id", "te",
    "upgrade", "trailer", "keep-alive", "proxy-authorization", "proxy-connection", "traceparent", "tracestate",
  ]

  static func lowered(_ name: String) -> String { String(decoding: name.utf8.map { $0 | 0x20 }, as: UTF8.self) }

  /// The same, and `Authorization`, which is what it is for.
  static func isFreeForCredential(_ name: String) -> Bool {
    lowered(name) == "authorization" || isFreeForAssertion(name)
  }

  static func isFreeForAssertion(_ name: String) -> Bool {
    let isName =
      (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
      }
    return isName && !taken.contains(lowered(name)) && !lowered(name).hasPrefix("mcp-param-")
  }
}
