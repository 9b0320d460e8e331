import MartletDomain

/// Which keys there are, and what is sealed under them.
public struct SecretStatus: Sendable {
  /// A key that seals.
  public struct Key: Sendable {
    /// `master` or `data`.
    public var kind: String
    /// Whose; `nil` for the installation's.
    public var tenant: TenantID?
    /// Its name, which tells nothing about it.
    public var name: String
    /// When it was made, where that is known.
    public var createdAt: Timestamp?
    /// Whether it seals what is new.
    public var isNewest: Bool
    /// What is sealed under it.
    public var uses: [SealedUse]
  }

  /// The rotation under way.
  public let rotation: KeyRotation?
  /// Every key.
  public let keys: [Key]
  /// Values under keys that aren't here.
  public let lost: [SealedUse]

  /// Looks.
  ///
  /// - Throws: `StoreError`.
  public init(_ installation: Installation) async throws(StoreError) {
    let store = installation.sealing
    rotation = try await store.keyRotation()
    let uses = try await store.sealedUses(at: installation.clock.now())
    let names = installation.masterKeys.names
    var keys = names.enumerated().map { position, name in
      Key(
        kind: "master", tenant: nil, name: name, createdAt: nil, isNewest: position == 0,
        uses: uses.filter { $0.tenant == nil && $0.key == name })
    }
    for tenant in try await store.tenantsWithDataKeys() {
      let own = try await store.dataKeys(of: tenant)
      keys += own.enumerated().map { position, key in
        Key(
          kind: "data", tenant: tenant, name: key.name, createdAt: key.createdAt,
          isNewest: position == own.count - 1, uses: uses.filter { $0.tenant == tenant && $0.key == key.name })
      }
    }
    self.keys = keys
    lost = uses.filter { use in !keys.contains { $0.name == use.key && $0.tenant == use.tenant } }
  }
}
