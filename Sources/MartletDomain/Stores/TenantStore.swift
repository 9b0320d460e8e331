/// How a tenant stands.
public enum TenantState: String, Sendable, Hashable, CaseIterable {
  /// As usual.
  case active
  /// Nothing of it is accepted until it is resumed.
  case suspended
  /// It is gone, and its name is never used again.
  case deleted
}

/// How tenants stand, and what goes when one does.
///
/// Where a tenant isn't active, its users are read as disabled: whoever asks for a user can't forget to ask for the
/// tenant.
public protocol TenantStore: Sendable {
  /// Tenants that are not active.
  func tenantStates() async throws(StoreError) -> [TenantID: TenantState]

  /// How a tenant stands.
  func tenantState(_ tenant: TenantID) async throws(StoreError) -> TenantState

  /// Suspends, resumes or marks as deleted; what is deleted stays so.
  ///
  /// - Returns: Whether the tenant stands so now.
  func setTenantState(_ tenant: TenantID, _ state: TenantState, at now: Timestamp) async throws(StoreError) -> Bool

  /// Every tenant that a row of the store names, but for the trail.
  func tenants() async throws(StoreError) -> Set<TenantID>

  /// Removes all rows of a tenant that is marked as deleted, its data keys first of all, so that no copy of what they
  /// sealed opens again. The trail and the revocation table stay.
  ///
  /// - Returns: How many rows went.
  func purgeTenant(_ tenant: TenantID) async throws(StoreError) -> Int
}
