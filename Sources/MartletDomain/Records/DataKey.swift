/// A key that seals one tenant's credentials, itself sealed under the installation's.
public struct DataKey: Hashable, Sendable {
  /// What values sealed with it are marked with: `Sealer.keyName`.
  public var name: String
  /// The tenant whose credentials it seals.
  public var tenant: TenantID
  /// The key, sealed.
  public var sealedKey: [UInt8]
  /// When it was made.
  public var createdAt: Timestamp

  /// Describes a key.
  public init(name: String, tenant: TenantID, sealedKey: [UInt8], createdAt: Timestamp) {
    self.name = name
    self.tenant = tenant
    self.sealedKey = sealedKey
    self.createdAt = createdAt
  }
}
