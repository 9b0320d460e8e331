import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding

/// A server behind Martlet, as the vault sees it.
public struct VaultServer: Sendable {
  /// Its route, with who may have it.
  public let route: ProtectedRoute
  /// Where it is: the first of its URLs.
  public let url: AbsoluteURL
  /// The origins of all its URLs.
  public let origins: Set<HTTPOrigin>
  /// What it is called with.
  public let credential: ServerCredential
  /// Where it may lead for its authorization server; everywhere public without it.
  public let destinations: HostList?

  /// Describes a server.
  public init(
    route: ProtectedRoute, url: AbsoluteURL, origins: Set<HTTPOrigin>, credential: ServerCredential,
    destinations: HostList? = nil
  ) {
    self.route = route
    self.url = url
    self.origins = origins
    self.credential = credential
    self.destinations = destinations
  }

  /// Whether an account is one that its calls are made with now: the configuration may have gone over to another kind, or
  /// to another authorization server.
  func takes(_ connection: UpstreamConnection) -> Bool {
    switch credential {
    case .ownKey: connection.isEntered
    case .oauth(let settings):
      !connection.isEntered && settings.issuer.map { ByteString($0) == ByteString(connection.issuer) } ?? true
    case .none, .header, .clientCredentials, .tokenExchange: true
    }
  }

  /// Whether each user has an account, or a key, of their own there.
  var isUsersOwn: Bool {
    switch credential {
    case .ownKey(let settings): !settings.isTenants
    case .oauth, .tokenExchange: true
    case .none, .header, .clientCredentials: false
    }
  }

  /// The authorization server that the operator named.
  var configuredIssuer: String? {
    switch credential {
    case .oauth(let settings): settings.issuer
    case .clientCredentials(let settings): settings.issuer
    case .tokenExchange(let settings): settings.authority.issuer
    case .none, .header, .ownKey: nil
    }
  }

  /// Whether it is named as `resource`.
  var sendsResource: Bool {
    switch credential {
    case .oauth(let settings): settings.sendsResource
    case .clientCredentials(let settings): settings.sendsResource
    case .tokenExchange(let settings): settings.sendsResource
    case .none, .header, .ownKey: false
    }
  }

  /// Endpoints that the operator wrote down.
  var endpoints: AuthorizationEndpoints? {
    if case .oauth(let settings) = credential { settings.endpoints } else { nil }
  }

  /// Origins that the operator chose: only these are reached wherever they are.
  var trustedOrigins: Set<HTTPOrigin> {
    let written = [
      configuredIssuer, credential.tokenExchange?.login.issuer, endpoints?.authorization, endpoints?.token,
      endpoints?.revocation,
    ]
    return origins.union(written.compactMap { $0.flatMap { try? AbsoluteURL(parsing: $0).origin } })
  }
}

/// The vault's part of the configuration: an immutable snapshot.
public final class VaultSettings: Sendable {
  /// The public origin.
  public let origin: HTTPOrigin
  /// The servers whose credentials are the vault's, ordered by path.
  public let servers: [VaultServer]
  private let byRoute: [RouteID: VaultServer]
  private let logins: [RouteID: VaultServer]

  /// Describes the vault's part.
  public init(origin: HTTPOrigin, servers: [VaultServer]) {
    self.origin = origin
    self.servers = servers
    byRoute = Dictionary(servers.map { ($0.route.id, $0) }, uniquingKeysWith: { first, _ in first })
    logins = Dictionary(
      servers.compactMap(\.login).map { ($0.route.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What users of a server are to be asked for, where the operator says so.
  func configuredScopes(of route: RouteID) -> ScopeSet? { byRoute[route]?.oauth.scopes }

  /// The header field that carries entered keys to a server.
  public func ownKey(of route: RouteID) -> OwnKeySettings? { byRoute[route]?.credential.ownKey }

  /// The server of a route, or the identity provider whose logins some server uses.
  public func server(_ route: RouteID) -> VaultServer? { byRoute[route] ?? logins[route] }

  /// Whether a route's credentials come from an authorization server, as things are configured now.
  public func renews(_ route: RouteID) -> Bool {
    guard let server = server(route) else { return false }
    switch server.credential {
    case .oauth, .clientCredentials, .tokenExchange: return true
    case .none, .header, .ownKey: return false
    }
  }

  /// The servers that the logins of an identity provider are exchanged for.
  public func routes(exchanging login: RouteID) -> [RouteID] {
    servers.filter { $0.login?.route.id == login }.map(\.route.id)
  }

  /// Whether a server that a tenant may have uses the logins of an identity provider.
  public func usesLogins(at provider: String, of tenant: TenantID) -> Bool {
    servers.contains { server in
      guard let used = server.credential.tokenExchange?.provider else { return false }
      return ByteString(used) == ByteString(provider) && server.route.admits(tenant)
    }
  }
}
