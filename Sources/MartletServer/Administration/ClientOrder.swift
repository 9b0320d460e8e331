import MartletDomain
import OAuthProtocol
import StrictCoding

/// What an administrator wants of a new client, completed: a client that acts for people is public where it runs on
/// their machine, and has a secret elsewhere; one that acts for itself always proves itself.
public struct ClientOrder: Sendable {
  /// What the fields are called where the order came from.
  public struct Words: Sendable {
    let redirectURI: String
    let grant: String
    let auth: String
    let jwks: String

    /// Options of the command line.
    public static let options = Words(
      redirectURI: "--redirect-uri", grant: "--grant", auth: "--auth", jwks: "--jwks FILE")
    /// Members of a request to the admin API.
    public static let members = Words(redirectURI: "redirect_uris", grant: "grants", auth: "auth", jwks: "jwks")
  }

  private let name: String
  private let redirectURIs: [String]
  private let grants: Set<GrantType>
  private let wantedMethod: ClientAuthenticationMethod?
  private let keySet: JSONWebKeySet?
  private let servers: Set<ServerName>?
  /// The tenant that it acts in with client_credentials.
  public let tenant: TenantID

  /// Describes a client.
  ///
  /// - Parameters:
  ///   - grants: What it may redeem; empty for what acts for people.
  ///   - method: How it proves itself; `nil` for what fits.
  ///   - keySet: Its public keys.
  ///   - servers: What it may reach; empty for everything.
  public init(
    name: String, redirectURIs: [String], grants: [GrantType], method: ClientAuthenticationMethod?,
    keySet: JSONWebKeySet?, servers: [String], tenant: String
  ) {
    self.name = PlainText.sanitized(name, limit: 100)
    self.redirectURIs = redirectURIs
    self.grants = grants.isEmpty ? [.authorizationCode, .refreshToken] : Set(grants)
    wantedMethod = method
    self.keySet = keySet
    self.servers = servers.isEmpty ? nil : Set(servers.map { ServerName($0) })
    self.tenant = TenantID(tenant)
  }

  /// How it proves itself.
  public var method: ClientAuthenticationMethod {
    if let wantedMethod { return wantedMethod }
    if keySet != nil { return .privateKeyJWT }
    if grants.contains(.clientCredentials) { return .clientSecretBasic }
    // A program in a terminal keeps no secret.
    if grants.contains(.deviceCode), registered.isEmpty { return .none }
    return registered.contains { $0.isNative } ? .none : .clientSecretBasic
  }

  /// Why it can't be meant; `nil` where it can.
  public func problem(in words: Words) -> String? {
    for text in redirectURIs {
      do {
        _ = try RedirectURI(registering: text)
      } catch {
        return "\(words.redirectURI) \(PlainText.sanitized(text)): \(error.oauthError.description)"
      }
    }
    for grant in grants where !GrantType.forOperators.contains(grant) {
      return "\(words.grant) can be one of \(GrantType.forOperators.map(\.rawValue).joined(separator: ", "))"
    }
    if grants.contains(.authorizationCode), redirectURIs.isEmpty {
      return
        "\(words.redirectURI) is missing; a client without a browser needs \(words.grant) client_credentials instead"
    }
    if wantedMethod == ClientAuthenticationMethod.none, grants.contains(.clientCredentials) {
      return "a client that acts for itself must prove itself: leave \(words.auth) none out"
    }
    if wantedMethod == .privateKeyJWT, keySet == nil { return "\(words.auth) private_key_jwt needs \(words.jwks)" }
    if let wantedMethod, keySet != nil, wantedMethod != .privateKeyJWT {
      return "\(words.jwks) is for \(words.auth) private_key_jwt"
    }
    return name.isEmpty ? "the name is empty" : nil
  }

  /// Makes the client, under an id that nobody had before: a name that comes back must not inherit consents.
  ///
  /// - Returns: The client as stored, and its secret where it has one, to be shown this once.
  public func make(in installation: Installation, by asker: String?) async throws -> (RegisteredClient, Secret?)? {
    let secret = method.usesSharedSecret ? ArtefactKind.clientSecret.mint(installation.random) : nil
    let client = client(secret, installation.random, at: installation.clock.now())
    try await installation.audit.recordDurably(
      AuditEvent(
        at: client.createdAt, action: .clientRegistered, tenant: client.tenant, subject: asker, client: client.id,
        reason: "by_administrator"))
    guard case .created = try await installation.store.registerClient(client, quota: nil) else { return nil }
    return (client, secret)
  }

  private var registered: [RedirectURI] { redirectURIs.compactMap { try? RedirectURI(registering: $0) } }

  private func client(_ secret: Secret?, _ random: any RandomSource, at now: Timestamp) -> RegisteredClient {
    let readable = name.utf8.map { byte -> UInt8 in
      let lowered = ASCIICase.lowercased(byte)
      let isPlain = (0x61...0x7A).contains(lowered) || (0x30...0x39).contains(lowered)
      return isPlain ? lowered : UInt8(ascii: "-")
    }
    let id = ByteString(Array(readable.prefix(40)) + Array(("-" + Hex.encode(random.bytes(6))).utf8))
    return RegisteredClient(
      id: ClientID(id), origin: .administrator, tenant: tenant, name: name, redirectURIs: registered,
      grantTypes: grants, authenticationMethod: method,
      secretDigests: secret.map { [ArtefactKind.clientSecret.digest($0)] } ?? [],
      keySet: keySet.map { JSONWriter.write($0.json()) }, servers: servers, createdAt: now)
  }
}
