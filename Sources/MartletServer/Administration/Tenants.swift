import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import StrictCoding

/// Why a tenant wasn't suspended, resumed or deleted.
public enum TenantError: Error, Sendable, CustomStringConvertible {
  /// Nothing of that name is known.
  case unknown
  /// It is deleted, which is for good.
  case deleted
  /// It is the one that an installation always has.
  case isDefault
  /// The tenant was not named once more.
  case unconfirmed

  /// What happened and what to do next.
  public var description: String {
    switch self {
    case .unknown: "there is no such tenant; `martlet tenant list` shows all"
    case .deleted: "the tenant is deleted, which is for good; use another name"
    case .isDefault: "the tenant default can't be deleted; suspend it, or remove the installation"
    case .unconfirmed: "deleting is for good: name the tenant once more to confirm it"
    }
  }
}

/// Suspends, resumes and deletes tenants. The record stands before the effect; calling again finishes what was
/// left undone.
public struct Tenants: Sendable {
  private let store: any DurableStore
  private let revoker: Revoker
  private let access: AccessRevoker
  private let audit: any AuditSink
  private let clock: any WallClock

  init(
    store: any DurableStore, revoker: Revoker, access: AccessRevoker, audit: any AuditSink, clock: any WallClock
  ) {
    self.store = store
    self.revoker = revoker
    self.access = access
    self.audit = audit
    self.clock = clock
  }

  /// Every tenant that is known, and how it stands.
  ///
  /// - Parameter configured: Those that the configuration names.
  public func list(_ configured: Set<TenantID>) async throws -> [(tenant: TenantID, state: TenantState)] {
    let states = try await store.tenantStates()
    let known = try await store.tenants().union(configured).union([.default])
    return known.sorted().map { ($0, states[$0] ?? .active) }
  }

  /// Refuses everything of a tenant until it is resumed: logins, tokens, keys and streams end; accounts, keys,
  /// delegations and connections stay for later.
  public func suspend(_ tenant: TenantID, _ configured: Set<TenantID>, by asker: Asker) async throws {
    try await check(tenant, configured)
    try await note(.tenantSuspended, tenant, by: asker)
    // First the state, so that what is issued meanwhile is covered by the row, or refused.
    guard try await store.setTenantState(tenant, .suspended, at: clock.now()) else { throw TenantError.deleted }
    try await end(tenant, by: asker)
  }

  /// Lets a suspended tenant's members in again; they log in anew.
  public func resume(_ tenant: TenantID, _ configured: Set<TenantID>, by asker: Asker) async throws {
    try await check(tenant, configured)
    try await note(.tenantResumed, tenant, by: asker)
    guard try await store.setTenantState(tenant, .active, at: clock.now()) else { throw TenantError.deleted }
  }

  /// Removes all that a tenant has, for good: what its data key sealed never opens again.
  ///
  /// - Parameters:
  ///   - tenant: Which.
  ///   - confirmation: The tenant's name once more.
  ///   - configured: Tenants that the configuration names.
  ///   - asker: Who wants it.
  ///   - desk: Takes upstream tokens back where they were issued.
  /// - Returns: How many rows went.
  public func delete(
    _ tenant: TenantID, confirmation: String, _ configured: Set<TenantID>, by asker: Asker,
    with desk: () async -> ConnectionDesk?
  ) async throws -> Int {
    guard tenant != .default else { throw TenantError.isDefault }
    guard TenantID(confirmation) == tenant else { throw TenantError.unconfirmed }
    if try await store.tenantState(tenant) != .deleted { try await check(tenant, configured) }
    try await note(.tenantDeleted, tenant, by: asker)
    guard try await store.setTenantState(tenant, .deleted, at: clock.now()) else { throw TenantError.deleted }
    try await end(tenant, by: asker)
    _ = try await access.revoke(.tenant(tenant), by: asker, with: desk)
    return try await store.purgeTenant(tenant)
  }

  private func end(_ tenant: TenantID, by asker: Asker) async throws {
    for user in try await store.users() where user.tenant == tenant {
      try await store.endLoginSessions(tenant: tenant, user: user.id)
    }
    let event = asker.event(.tokenRevoked, at: clock.now(), tenant: tenant, reason: "tenant_closed")
    _ = try await revoker.revoke(.tenant(tenant), event: event)
    _ = try await store.endMCPSessions(of: .tenant(tenant))
  }

  private func check(_ tenant: TenantID, _ configured: Set<TenantID>) async throws {
    guard try await store.tenantState(tenant) != .deleted else { throw TenantError.deleted }
    let known = try await store.tenants().union(configured).union([.default])
    guard known.contains(tenant) else { throw TenantError.unknown }
  }

  private func note(_ action: AuditAction, _ tenant: TenantID, by asker: Asker) async throws {
    try await audit.recordDurably(asker.event(action, at: clock.now(), tenant: tenant, target: tenant.string))
  }
}

extension Configuration {
  /// The tenants that the file names.
  public var namedTenants: Set<TenantID> {
    servers.reduce(into: Set(clients.map(\.tenant))) { $0.formUnion($1.tenants ?? []) }
  }
}
