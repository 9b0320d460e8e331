import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletProxy
import MartletVault
import OAuthClient
import OAuthProtocol
import Synchronization

/// One configuration, seen by each part of the house through its own settings.
final class Snapshot: Sendable {
  let configuration: Configuration
  let authorizationServer: AuthorizationServerSettings
  let identity: IdentitySettings
  let gateway: GatewaySettings
  let vault: VaultSettings
  let frontDoor: FrontDoorSettings

  /// - Parameters:
  ///   - port: The port that the listener really has.
  ///   - previous: The snapshot before, whose experience with servers goes on.
  init(_ configuration: Configuration, port: Int, after previous: Snapshot? = nil) {
    self.configuration = configuration
    var origin = configuration.publicURL
    if configuration.publicURLFollowsListener {
      origin = HTTPOrigin(scheme: origin.scheme, host: origin.host, port: port)
    }
    let routes = configuration.servers.map { server in
      let id = RouteID(server: server.name)
      return UpstreamRoute(
        resource: ProtectedRoute(id: id, displayName: server.name.string, tenants: server.tenants),
        instances: server.instances, pinnedRevision: server.revision, credential: server.credential,
        after: previous?.gateway.route(id))
    }
    authorizationServer = AuthorizationServerSettings(
      routes: RouteDirectory(origin: origin, routes: routes.map(\.resource)),
      clients: Dictionary(configuration.clients.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }),
      registration: configuration.registration, tokens: configuration.tokens, deviceGrant: configuration.deviceGrant)
    identity = IdentitySettings(
      acceptsPasswords: configuration.acceptsLocalUsers,
      providers: Dictionary(
        configuration.providers.map { ($0.name, ProviderSettings($0)) }, uniquingKeysWith: { first, _ in first }))
    gateway = GatewaySettings(
      origin: origin, allowedOrigins: configuration.allowedOrigins, assertionHeader: configuration.assertionHeader,
      routes: routes, policy: configuration.policy,
      asksOracle: configuration.opa != nil, limits: configuration.limits)
    vault = VaultSettings(
      origin: origin,
      servers: zip(configuration.servers, routes).compactMap { VaultServer($0, route: $1.resource) })
    frontDoor = FrontDoorSettings(
      origin: origin, extraHosts: configuration.allowedHosts, listeningPort: port,
      isLoopback: configuration.listen.isLoopback, isTLS: configuration.tls != nil,
      trustedProxies: configuration.trustedProxies)
  }
}

extension ProviderSettings {
  fileprivate init(_ provider: ProviderConfiguration) {
    self.init(
      issuer: provider.issuer.string, clientID: provider.clientID, clientSecret: provider.clientSecret,
      scopes: ScopeSet(tolerant: provider.scopes.joined(separator: " ")), tenantClaim: provider.tenantClaim,
      groupsClaim: provider.groupsClaim)
  }
}

/// The snapshot in force. A request takes it once and keeps it.
final class SnapshotHolder: Sendable {
  private let state: Mutex<Snapshot>

  init(_ snapshot: Snapshot) { state = Mutex(snapshot) }

  var current: Snapshot { state.withLock { $0 } }

  func replace(with snapshot: Snapshot) { state.withLock { $0 = snapshot } }
}
