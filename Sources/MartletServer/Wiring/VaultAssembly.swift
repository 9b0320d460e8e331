import MartletDomain
import MartletIdentity
import MartletVault
import OAuthClient

/// The pages about users' accounts at servers.
struct AccountPages: Sendable {
  let connect: ConnectEndpoint
  let listing: any AccountListing
  let jobs: DelegationPages
  let loginTokens: any LoginTokenKeeping
}

/// Puts the vault together.
struct VaultAssembly: Sendable {
  let configuration: Configuration
  let installation: Installation
  let snapshots: SnapshotHolder

  func directory() throws -> UpstreamDirectory {
    let authorities = configuration.egress.authorityFile
    return UpstreamDirectory(
      settings: { [snapshots] in snapshots.current.vault },
      operatorConfigured: try SafeFetcher.operatorConfigured(certificateAuthorityFile: authorities),
      guarded: try SafeFetcher.guarded(
        policy: AddressPolicy(allow: configuration.egress.allow), certificateAuthorityFile: authorities),
      clock: installation.clock, random: installation.random, audit: installation.audit)
  }

  func registrar(_ directory: UpstreamDirectory) -> UpstreamRegistrar {
    UpstreamRegistrar(
      store: installation.store, directory: directory, sealer: installation.sealer, clock: installation.clock)
  }

  /// - Parameters:
  ///   - directory: What is known of authorization servers.
  ///   - returned: Hears what became of tokens that were given back.
  func vault(
    _ directory: UpstreamDirectory, returned: @escaping @Sendable (TokenReturn) -> Void = { _ in }
  ) -> Vault {
    let authorities = UpstreamAuthorities(directory: directory, registrar: registrar(directory))
    let seal = seal
    let logins = LoginTokens(store: installation.store, seal: seal, clock: installation.clock)
    var dependencies = Vault.Dependencies(
      store: installation.store, seal: seal,
      exchange: OAuthRefreshExchange(logins: logins) { await authorities.authority(of: $0) },
      journal: SpillFolder(path: configuration.dataDirectory + "/spill", sealer: installation.sealer),
      clock: installation.clock, random: installation.random, audit: installation.audit, tickets: tickets,
      ownAccounts: OwnAccounts(
        store: installation.store, seal: seal, directory: directory, clock: installation.clock))
    dependencies.logins = logins
    dependencies.giveBack = { tokens, connection in
      let outcome = await authorities.giveBack(tokens, of: connection)
      returned(outcome)
      return outcome
    }
    dependencies.settings = { [snapshots] in snapshots.current.vault }
    return Vault(dependencies)
  }

  func pages(_ vault: Vault, _ directory: UpstreamDirectory, forms: FormGuard) -> AccountPages {
    let sessions = LoginSessions(
      store: installation.store, cookies: CookiePolicy(origin: snapshots.current.gateway.origin),
      clock: installation.clock, random: installation.random)
    let users = ConnectingUsersAdapter(sessions: sessions)
    let jobs = DelegationPages(
      store: installation.store, sessions: sessions, delegations: installation.delegations,
      servers: { [snapshots] in snapshots.current.configuration.servers(of: $0) }, forms: forms,
      clock: installation.clock)
    let connect = ConnectEndpoint(
      ConnectEndpoint.Collaborators(
        users: users, store: installation.store, vault: vault, directory: directory,
        discovery: UpstreamDiscovery(directory: directory, clock: installation.clock),
        registrar: registrar(directory), tickets: tickets, forms: forms, sealer: installation.sealer,
        audit: installation.audit, clock: installation.clock, random: installation.random))
    let connections = AccountConnections(store: installation.store, directory: directory, forms: forms)
    return AccountPages(
      connect: connect, listing: AccountListingAdapter(connections: connections, jobs: jobs), jobs: jobs,
      loginTokens: LoginTokenAdapter(vault: vault, snapshots: snapshots))
  }

  private var seal: CredentialSeal {
    CredentialSeal(
      keys: DataKeys(
        store: installation.store, sealer: installation.sealer, clock: installation.clock,
        random: installation.random))
  }

  private var tickets: ConnectTickets {
    ConnectTickets(sealer: installation.sealer, clock: installation.clock, random: installation.random)
  }
}

extension VaultServer {
  /// A server whose credentials are the vault's; `nil` for the others.
  init?(_ server: Configuration.Server, route: ProtectedRoute) {
    guard let url = server.instances.first?.url else { return nil }
    switch server.credential {
    case .none, .header: return nil
    case .oauth, .ownKey, .clientCredentials, .tokenExchange:
      self.init(
        route: route, url: url, origins: Set(server.instances.map(\.url.origin)), credential: server.credential,
        destinations: server.destinations)
    }
  }
}
