import MartletDomain
import MartletIdentity
import MartletVault

/// Keys that a tenant's administrators enter for servers that want one of each tenant.
public struct TenantKeys: Sendable {
  /// Why a key wasn't kept.
  public enum Refusal: Error, Sendable {
    /// The tenant has no such server, or it wants no key of the tenant's.
    case noSuchServer
    /// It can't stand in a header.
    case notAKey
    /// There is none to take away.
    case nothingThere
  }

  private let installation: Installation
  private let configuration: Configuration

  /// Works on an installation as its configuration is now.
  public init(_ installation: Installation, _ configuration: Configuration) {
    self.installation = installation
    self.configuration = configuration
  }

  /// Keeps a key, sealed, over the one before. The trail knows of it first.
  ///
  /// - Parameters:
  ///   - entered: The key as somebody typed or pasted it.
  ///   - server: The server.
  ///   - tenant: The tenant.
  ///   - asker: Who enters it.
  /// - Throws: `Refusal`, or what keeps it from being stored.
  public func keep(
    _ entered: [UInt8], for server: ServerName, of tenant: TenantID, by asker: Asker
  ) async throws {
    let key = try key(server, tenant)
    guard let secret = OwnKeySettings.key(entered: entered) else { throw Refusal.notAKey }
    try await note(.connectionEstablished, key, asker)
    let keys = DataKeys(
      store: installation.store, sealer: installation.sealer, clock: installation.clock, random: installation.random)
    try await EnteredKeys(
      store: installation.store, seal: CredentialSeal(keys: keys), clock: installation.clock
    ).keep(secret, for: key)
  }

  /// Takes a key away.
  ///
  /// - Throws: `Refusal`, or what keeps it from being taken.
  public func remove(_ server: ServerName, of tenant: TenantID, by asker: Asker) async throws {
    let key = try key(server, tenant)
    try await note(.connectionRevoked, key, asker)
    guard try await installation.store.revokeConnection(key, because: .withdrawn) else { throw Refusal.nothingThere }
  }

  private func key(_ server: ServerName, _ tenant: TenantID) throws(Refusal) -> ConnectionKey {
    guard let found = configuration.servers.first(where: { $0.name == server }),
      found.tenants?.contains(tenant) ?? true, found.credential.ownKey?.isTenants ?? false
    else { throw .noSuchServer }
    return ConnectionKey(tenant: tenant, route: RouteID(server: server), owner: .tenant)
  }

  private func note(_ action: AuditAction, _ key: ConnectionKey, _ asker: Asker) async throws {
    try await installation.audit.recordDurably(
      asker.event(action, at: installation.clock.now(), tenant: key.tenant, route: key.route.path))
  }
}
