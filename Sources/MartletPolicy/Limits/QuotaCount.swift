import MartletDomain

/// One count of one day, as a process finds it: a call costs a look-up, and no digest as the store's name of it would.
struct QuotaCount: Hashable, Sendable {
  let tenant: TenantID
  let day: Int64
  let key: LimitKey

  /// Its name in the store.
  func stored(_ limit: String) -> QuotaKey { QuotaKey(tenant: tenant, day: day, limit: limit, digest: key.digest) }
}
