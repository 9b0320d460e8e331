import MartletDomain
import OAuthClient
import OAuthProtocol
import StrictCoding
import Synchronization

/// What is known of the authorization servers behind servers, each looked at through its server's eyes: what one server
/// names is never reached because another one is trusted.
public final class UpstreamDirectory: Sendable {
  private struct Entry {
    let trusted: Set<HTTPOrigin>
    let destinations: HostList?
    let endpoints: AuthorizationEndpoints?
    let metadata: IssuerMetadataCache
  }

  private let settings: @Sendable () -> VaultSettings
  private let operatorConfigured: any DocumentFetching
  private let guarded: any DocumentFetching
  private let clock: any WallClock
  private let random: any RandomSource
  private let audit: any AuditSink
  private let entries = Mutex<[RouteID: Entry]>([:])

  /// - Parameters:
  ///   - settings: Gives the snapshot of this instant.
  ///   - operatorConfigured: For what the operator wrote down.
  ///   - guarded: For what others named.
  ///   - clock: Tells the time.
  ///   - random: Makes assertion identifiers.
  ///   - audit: Hears what was refused.
  public init(
    settings: @escaping @Sendable () -> VaultSettings, operatorConfigured: any DocumentFetching,
    guarded: any DocumentFetching, clock: any WallClock, random: any RandomSource, audit: any AuditSink
  ) {
    self.settings = settings
    self.operatorConfigured = operatorConfigured
    self.guarded = guarded
    self.clock = clock
    self.random = random
    self.audit = audit
  }

  var current: VaultSettings { settings() }

  /// The server of a route, as it is configured now.
  func server(_ route: RouteID) -> VaultServer? { settings().server(route) }

  /// Fetches for a server.
  func fetcher(for server: VaultServer) -> any DocumentFetching {
    let base = OriginTrust(trusted: server.trustedOrigins, operatorConfigured: operatorConfigured, guarded: guarded)
    let (audit, clock, route) = (audit, clock, server.route.id.path)
    return WatchedFetcher(base) {
      server.destinations?.contains($0.host) ?? true || base.trusted.contains($0.origin)
    } refused: {
      audit.record(
        AuditEvent(at: clock.now(), action: .egressBlocked, route: route, target: $0.host.string, reason: $1))
    }
  }

  /// Sends token requests for a server.
  func tokens(for server: VaultServer) -> TokenClient {
    let (clock, random) = (clock, random)
    return TokenClient(
      fetcher: fetcher(for: server), clock: { clock.now().milliseconds }, randomBytes: { random.bytes($0) },
      limits: OAuthRefreshExchange.limits)
  }

  /// The metadata of an authorization server that a server names, or that the operator named for it.
  ///
  /// - Throws: `DiscoveryError`.
  func metadata(
    of issuer: String, for server: VaultServer
  ) async throws(DiscoveryError) -> AuthorizationServerMetadata {
    if let endpoints = server.endpoints, server.configuredIssuer.map({ ByteString($0) }) == ByteString(issuer) {
      return AuthorizationServerMetadata(issuer: issuer, endpoints: endpoints)
    }
    return try await cache(for: server).metadata(issuer: issuer)
  }

  private func cache(for server: VaultServer) -> IssuerMetadataCache {
    let (trusted, endpoints) = (server.trustedOrigins, server.endpoints)
    let clock = clock
    return entries.withLock { entries in
      if let entry = entries[server.route.id], entry.trusted == trusted, entry.endpoints == endpoints,
        entry.destinations == server.destinations
      {
        return entry.metadata
      }
      let discovery = MetadataDiscovery(fetcher: fetcher(for: server))
      let configured = server.configuredIssuer.map { ByteString($0) }
      let cache = IssuerMetadataCache(clock: { clock.now().milliseconds }) { issuer throws(DiscoveryError) in
        // Whom the operator chose need not say that PKCE is understood; it is sent anyway.
        try await discovery.authorizationServer(
          issuer: issuer, pkce: ByteString(issuer) == configured ? .sentAnyway : .required)
      }
      entries[server.route.id] = Entry(
        trusted: trusted, destinations: server.destinations, endpoints: endpoints, metadata: cache)
      return cache
    }
  }
}

extension AuthorizationServerMetadata {
  /// An authorization server without metadata, as the operator described it.
  init(issuer: String, endpoints: AuthorizationEndpoints) {
    self.init(issuer: issuer)
    authorizationEndpoint = endpoints.authorization
    tokenEndpoint = endpoints.token
    revocationEndpoint = endpoints.revocation
  }
}
