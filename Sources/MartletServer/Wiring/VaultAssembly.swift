import MartletDomain
import MartletVault
import OAuthClient

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
      clock: installation.clock, random: installation.random)
  }

  func vault(_ directory: UpstreamDirectory) -> Vault {
    let authorities = UpstreamAuthorities(directory: directory)
    return Vault(
      Vault.Dependencies(
        store: installation.store,
        seal: CredentialSeal(
          keys: DataKeys(
            store: installation.store, sealer: installation.sealer, clock: installation.clock,
            random: installation.random)),
        exchange: OAuthRefreshExchange { await authorities.authority(of: $0) },
        journal: SpillFolder(path: configuration.dataDirectory + "/spill", sealer: installation.sealer),
        clock: installation.clock, random: installation.random, audit: installation.audit))
  }
}

extension VaultServer {
  /// A server whose credentials are the vault's; `nil` for the others.
  init?(_ server: Configuration.Server, route: ProtectedRoute) {
    guard let url = server.instances.first?.url else { return nil }
    switch server.credential {
    case .none, .header: return nil
    case .oauth, .clientCredentials:
      self.init(
        route: route, url: url, origins: Set(server.instances.map(\.url.origin)), credential: server.credential)
    }
  }
}
