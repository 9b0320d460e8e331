import Logging
import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletPolicy
import MartletProxy
import MartletVault
import NIOCore
import NIOPosix
import OAuthClient
import StrictCoding
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Puts the parts together. Every part gets what it needs by its initialiser; nothing is looked up later.
struct Assembly: Sendable {
  let options: ServeOptions
  let configuration: Configuration
  let installation: Installation
  let logger: Logger

  func assemble() async throws -> GatewayApplication {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: Processors.count)
    // A certificate that nobody opened must not become a listener without one.
    if let tls = configuration.tls, tls.files == nil {
      throw InstallationError("the certificate was not opened", advice: "Report this: it is a fault of Martlet.")
    }
    let tls = configuration.tls?.files
    let box = PlanesBox()
    let door = try await openDoor(tls, group, box)
    let snapshots = SnapshotHolder(Snapshot(configuration, port: door.port))
    let health = Health()
    let flows = RecentFlows(clock: installation.clock, random: installation.random)
    let server = try authorizationServer(snapshots, flows)
    let vaults = VaultAssembly(configuration: configuration, installation: installation, snapshots: snapshots)
    let directory = try vaults.directory()
    let vault = vaults.vault(directory)
    let notices = try ApprovalAssembly(installation: installation, snapshots: snapshots)
      .notices(authorities: configuration.egress.authorityFile)
    let quotas = DailyQuotas(store: installation.store, clock: installation.clock)
    let gateway = try await gateway(server, vault, snapshots, flows, notices, quotas, group)
    let shipping = try TrailShipping(configuration, installation, logger)
    let table = try routeTable(server, snapshots, health, shipping, vaults.pages(vault, directory, forms: formGuard))
    let planes = Planes(
      gateway: gateway, control: ControlPlane(table, logger: logger), random: installation.random,
      frontDoor: { snapshots.current.frontDoor })
    box.set(planes)
    return GatewayApplication(
      options: options, installation: installation, snapshots: snapshots, server: server, gateway: gateway,
      vault: vault, notices: notices, quotas: quotas,
      planes: planes, door: door, tls: tls, health: health, shipping: shipping, logger: logger)
  }

  func routeTable(
    _ server: AuthorizationServer, _ snapshots: SnapshotHolder, _ health: Health, _ shipping: TrailShipping,
    _ accounts: AccountPages
  ) throws -> RouteTable {
    RouteTable(
      authorizationServer: server, login: try loginEndpoints(server, snapshots, accounts),
      connect: accounts.connect, jobs: accounts.jobs,
      approvals: ApprovalAssembly(installation: installation, snapshots: snapshots).pages(forms: formGuard),
      health: health, administration: administration(server, snapshots),
      metrics: MetricsEndpoint(
        recorder: installation.audit, shippers: shipping.shippers, health: health,
        startedAt: installation.clock.now()),
      pages: try PageRenderer(origin: snapshots.current.gateway.origin.string))
  }

  private func administration(_ server: AuthorizationServer, _ snapshots: SnapshotHolder) -> AdminAPI {
    AdminAPI(
      AdminDependencies(installation: installation, snapshots: snapshots),
      authenticator: APIAuthenticator(
        adminTokens: installation.adminTokens, accessTokens: server.verifier, users: installation.store,
        clock: installation.clock,
        metadata: {
          snapshots.current.gateway.origin.string + "/.well-known/oauth-protected-resource"
            + RouteID.administration.path
        }), logger: logger)
  }

  private func openDoor(_ tls: TLSFiles?, _ group: MultiThreadedEventLoopGroup, _ box: PlanesBox)
    async throws(InstallationError) -> FrontDoor
  {
    let (host, port) = (configuration.listen.host, configuration.listen.port)
    do {
      return try await FrontDoor.open(
        host: host, port: port, tls: tls, codec: configuration.httpCodec, group: group, logger: logger,
        planes: { box.planes })
    } catch let error as IOError where error.errnoCode == EADDRINUSE {
      throw InstallationError(
        "port \(port) on \(host) is taken",
        advice: "Stop the program that listens there, or set listen to another port.")
    } catch {
      throw InstallationError(
        "can't listen on \(host):\(port): \(error)", advice: "Set listen to an address of this machine and a free port."
      )
    }
  }

  func authorizationServer(_ snapshots: SnapshotHolder, _ flows: any FlowCorrelation) throws
    -> AuthorizationServer
  {
    let clock = installation.clock
    let guarded = try SafeFetcher.guarded(
      policy: AddressPolicy(allow: configuration.egress.allow),
      certificateAuthorityFile: configuration.egress.authorityFile)
    let watched = WatchedFetcher(guarded) { [audit = installation.audit] in
      audit.record(AuditEvent(at: clock.now(), action: .egressBlocked, target: $0.host.string, reason: $1))
    }
    let fetcher = RateLimitedFetcher(watched, clock: { clock.now().milliseconds })
    return AuthorizationServer(
      AuthorizationServer.Dependencies(
        settings: { snapshots.current.authorizationServer }, store: installation.store,
        documents: ClientMetadataDocuments(
          fetcher: fetcher, store: DocumentCacheAdapter(store: installation.store),
          clock: { clock.now().milliseconds }),
        clientKeys: PublishedClientKeys(
          cache: JWKSCache(fetcher: fetcher, clock: { clock.now().milliseconds })),
        keys: installation.signingKeys, revoker: installation.revoker, revocations: installation.revocations,
        sealer: installation.sealer, formGuard: formGuard,
        cookies: CookiePolicy(origin: snapshots.current.gateway.origin), flows: flows, audit: installation.audit,
        clock: clock, random: installation.random))
  }

  private var formGuard: FormGuard { FormGuard(keys: [installation.sealer.derivedKey(for: "forms")]) }

  private func loginEndpoints(
    _ server: AuthorizationServer, _ snapshots: SnapshotHolder, _ accounts: AccountPages
  ) throws -> @Sendable () -> LoginEndpoint {
    let clock = installation.clock
    let backend = OIDCBackend(
      fetcher: try SafeFetcher.operatorConfigured(certificateAuthorityFile: configuration.egress.authorityFile),
      clock: clock, random: installation.random)
    let collaborators = LoginEndpoint.Collaborators(
      store: installation.store,
      passwords: PasswordLogin(
        users: installation.store, hasher: installation.passwords, throttle: LoginThrottle(clock: clock)),
      forms: formGuard, sealer: installation.sealer,
      prompting: LoginPromptAdapter(
        prompts: server.prompts, authorizations: installation.store, clock: clock),
      accounts: accounts.listing, loginTokens: accounts.loginTokens, audit: installation.audit, clock: clock,
      random: installation.random)
    return {
      let snapshot = snapshots.current
      return LoginEndpoint(
        settings: snapshot.identity, origin: snapshot.gateway.origin, backend: backend, collaborators: collaborators)
    }
  }

  private func gateway(
    _ server: AuthorizationServer, _ vault: Vault, _ snapshots: SnapshotHolder, _ flows: any FlowCorrelation,
    _ notices: any ApprovalNotices, _ quotas: DailyQuotas, _ group: MultiThreadedEventLoopGroup
  ) async throws -> Gateway {
    let signer = AssertionSigner(
      settings: { snapshots.current.authorizationServer }, keys: installation.signingKeys, random: installation.random,
      lifetime: { snapshots.current.configuration.assertionLifetime })
    let dependencies = Gateway.Dependencies(
      verifier: BearerVerifierAdapter(verifier: server.verifier),
      keys: KeyVerifierAdapter(
        verifier: APIKeyVerifier(
          store: installation.store, issuer: { ByteString(snapshots.current.gateway.origin.string) },
          clock: installation.clock)),
      revocations: installation.revocations,
      sessions: installation.store, policy: RuleEvaluation(clock: installation.clock),
      subjects: SubjectDirectory(store: installation.store, clock: installation.clock), limiter: MemoryCallLimiter(),
      quotas: quotas,
      toolPins: installation.store, tasks: installation.store,
      assertions: UpstreamAssertionsAdapter(signer: signer, clock: installation.clock),
      transport: SSEUpstreamTransport(
        over: CredentialTransport(
          over: try await HTTPUpstreamTransport.make(
            group: group, codec: configuration.httpCodec,
            certificateAuthorityFile: configuration.egress.authorityFile),
          credentials: vault, revocations: installation.revocations, eventLoops: Processors.count),
        random: installation.random),
      audit: installation.audit, flows: flows, clock: installation.clock, random: installation.random,
      sealer: installation.sealer,
      oracle: OPAOracle(
        settings: { snapshots.current.configuration.opa },
        fetcher: try SafeFetcher.operatorConfigured(certificateAuthorityFile: configuration.egress.authorityFile),
        clock: installation.clock, logger: logger),
      approvals: ApprovalAssembly(installation: installation, snapshots: snapshots).approvals(notices),
      credentials: vault)
    return try await Gateway(dependencies, group: group, settings: { snapshots.current.gateway })
  }
}

/// Holds the planes that the listener, which has to know its port first, is waiting for.
private final class PlanesBox: Sendable {
  private let state = Mutex<Planes?>(nil)

  var planes: Planes? { state.withLock { $0 } }

  func set(_ planes: Planes) { state.withLock { $0 = planes } }
}
