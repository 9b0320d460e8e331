/// Knows what is sealed under which key, and lets no key go that something is sealed under.
///
/// A key that was retired seals nothing any more: a write that brings a value under it fails, so a process that slept
/// through a rotation can't leave behind what nobody opens.
public protocol SealingStore: DataKeyStore {
  /// The rotation that was begun and not ended.
  func keyRotation() async throws(StoreError) -> KeyRotation?

  /// Writes down that a rotation begins.
  func beginKeyRotation(_ rotation: KeyRotation) async throws(StoreError)

  /// Writes down that nothing is left to do.
  func endKeyRotation() async throws(StoreError)

  /// What keys for single purposes are derived from, sealed; `nil` where the first master key still stands.
  func derivationRoot() async throws(StoreError) -> [UInt8]?

  /// Keeps the derivation root, unless one is kept.
  func keepDerivationRoot(_ sealed: [UInt8]) async throws(StoreError)

  /// Everything that lasts and is sealed under another master key than that.
  func valuesSealed(otherThanUnder masterKey: String) async throws(StoreError) -> [MasterSealedValue]

  /// Puts a value sealed anew in the place of the one that was read.
  ///
  /// - Returns: Whether it still was there unchanged.
  func reseal(_ value: MasterSealedValue, as sealed: [UInt8]) async throws(StoreError) -> Bool

  /// Every tenant that has a data key.
  func tenantsWithDataKeys() async throws(StoreError) -> [TenantID]

  /// Connections whose credential stands under another data key than that, in the order of route and owner.
  ///
  /// - Parameters:
  ///   - name: The data key.
  ///   - tenant: Whose connections.
  ///   - last: The last one that was seen; `nil` to begin.
  ///   - limit: At most so many.
  func connections(
    sealedOtherThanUnder name: String, of tenant: TenantID, after last: ConnectionKey?, limit: Int
  ) async throws(StoreError) -> [UpstreamConnection]

  /// Puts credentials sealed anew in the place of those that were read, in one transaction; what changed meanwhile is left
  /// alone.
  func resealCredentials(_ credentials: [ResealedCredential]) async throws(StoreError)

  /// What is sealed under which key.
  func sealedUses(at now: Timestamp) async throws(StoreError) -> [SealedUse]

  /// Lets a data key go, if it isn't the tenant's newest, nothing is sealed under it, and no refresh is under way that may
  /// have begun with it.
  ///
  /// - Parameters:
  ///   - name: The key.
  ///   - tenant: Whose.
  ///   - now: The time.
  ///   - rest: How long processes may take to notice a newer key.
  /// - Returns: Whether it is gone.
  func retireDataKey(
    _ name: String, of tenant: TenantID, at now: Timestamp, after rest: Duration
  ) async throws(StoreError) -> Bool

  /// Lets a master key go, if nothing is sealed under it.
  ///
  /// - Returns: Whether it may seal nothing any more.
  func retireMasterKey(_ name: String, at now: Timestamp) async throws(StoreError) -> Bool
}
