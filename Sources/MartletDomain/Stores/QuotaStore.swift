import StrictCoding

/// One count of a day.
public struct QuotaKey: Hashable, Sendable {
  /// Whose.
  public let tenant: TenantID
  /// The day, in days since 1970-01-01 UTC.
  public let day: Int64
  /// The limit.
  public let limit: String
  /// A digest of what is counted apart.
  public let digest: [UInt8]

  /// Names a count.
  public init(tenant: TenantID, day: Int64, limit: String, digest: [UInt8]) {
    self.tenant = tenant
    self.day = day
    self.limit = limit
    self.digest = digest
  }
}

/// Keeps how much of a day's quota was handed out to processes.
public protocol QuotaStore: Sendable {
  /// Hands out a part of what is left of a quota.
  ///
  /// - Parameters:
  ///   - key: The count.
  ///   - wanted: How much is wanted.
  ///   - quota: How much there is for the whole day. Never more than that is handed out.
  /// - Returns: How much was handed out: from 0 to `wanted`.
  func takeQuota(_ key: QuotaKey, wanted: Int, of quota: Int) async throws(StoreError) -> Int

  /// Takes back what wasn't used.
  func returnQuota(_ unused: [QuotaKey: Int]) async throws(StoreError)

  /// How much was handed out.
  func takenQuota(_ key: QuotaKey) async throws(StoreError) -> Int

  /// Forgets days before one.
  func removeQuotas(before day: Int64) async throws(StoreError)
}
