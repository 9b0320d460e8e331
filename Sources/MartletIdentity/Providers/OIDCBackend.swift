import MartletDomain
import OAuthClient

/// What OpenID providers share and keep across configuration snapshots: metadata, keys and the way to token endpoints.
public struct OIDCBackend: Sendable {
  let metadata: IssuerMetadataCache
  let tokens: TokenClient
  let idTokens: IDTokenVerifier
  let destinations: DestinationMemory

  /// Makes empty caches.
  ///
  /// - Parameter fetcher: For destinations of the configuration: issuers may be at private addresses.
  public init(
    fetcher: any DocumentFetching, clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom()
  ) {
    let milliseconds: MillisecondClock = { clock.now().milliseconds }
    let discovery = MetadataDiscovery(fetcher: fetcher)
    metadata = IssuerMetadataCache(clock: milliseconds) { issuer throws(DiscoveryError) in
      try await discovery.authorizationServer(issuer: issuer, pkce: .sentAnyway, openIDFirst: true)
    }
    destinations = DestinationMemory(clock: clock)
    tokens = TokenClient(fetcher: fetcher, clock: milliseconds, randomBytes: { random.bytes($0) })
    let keys = JWKSCache(fetcher: fetcher, clock: milliseconds)
    idTokens = IDTokenVerifier(JWTVerifier(keys: keys, clock: milliseconds))
  }
}
