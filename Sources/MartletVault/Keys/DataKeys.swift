import Crypto
import MartletDomain
import Synchronization

/// Each tenant's keys: random, sealed under the installation's key, opened once and remembered.
public final class DataKeys: Sendable {
  /// Tenants whose keys are remembered at once.
  private static let capacity = 10_000

  /// How long a key is taken for the newest without another look: a rotation waits for longer than that before it lets the
  /// one before go.
  private static let freshness: Duration = .seconds(5)

  private struct Opened {
    var newest: Sealer
    var byName: [String: Sealer]
    var readAt: Timestamp
  }

  private let store: any DataKeyStore
  private let sealer: Sealer
  private let clock: any WallClock
  private let random: any RandomSource
  private let opened = Mutex<[TenantID: Opened]>([:])

  /// - Parameters:
  ///   - store: Where sealed keys are kept.
  ///   - sealer: The installation's key.
  ///   - clock: Tells the time.
  ///   - random: Makes keys.
  public init(store: any DataKeyStore, sealer: Sealer, clock: any WallClock, random: any RandomSource) {
    self.store = store
    self.sealer = sealer
    self.clock = clock
    self.random = random
  }

  /// The key that seals a tenant's new credentials, made where there is none.
  ///
  /// - Throws: `VaultError`.
  func newest(of tenant: TenantID) async throws(VaultError) -> Sealer {
    let known = opened.withLock { $0[tenant] }
    if let known, known.readAt <= clock.now(), clock.now() - known.readAt < Self.freshness { return known.newest }
    do {
      return try await load(tenant).newest
    } catch {
      // While the store is away the newest that is known seals: no key goes that a refresh under way may need.
      guard let known else { throw error }
      return known.newest
    }
  }

  /// The key that a value was sealed with; one that isn't known is looked for in the store.
  ///
  /// - Throws: `VaultError`: a key that isn't there is an error, never an empty value.
  func key(named name: String, of tenant: TenantID) async throws(VaultError) -> Sealer {
    if let known = opened.withLock({ $0[tenant]?.byName[name] }) { return known }
    guard let found = try await load(tenant).byName[name] else { throw .seal(.unknownKey(name)) }
    return found
  }

  /// Gives a tenant a new key where its newest was made before a time.
  ///
  /// - Returns: Whether there was one to replace.
  /// - Throws: `VaultError`.
  public func replace(of tenant: TenantID, madeBefore time: Timestamp) async throws(VaultError) -> Bool {
    guard let newest = try await read(tenant).last, newest.createdAt < time else { return false }
    var made = try make(for: tenant)
    made.createdAt = max(made.createdAt, time)
    do { _ = try await store.addDataKey(made, ifNewestIs: newest.name) } catch { throw .store(error) }
    _ = try await load(tenant)
    return true
  }

  /// Forgets the keys of every tenant but these; one that was forgotten too much is opened again when it is wanted.
  func forget(allBut tenants: Set<TenantID>) {
    opened.withLock { opened in opened = opened.filter { tenants.contains($0.key) } }
  }

  /// A key sealed under the master key of now.
  ///
  /// - Throws: `SealError`.
  public func reseal(_ key: DataKey) throws(SealError) -> [UInt8] {
    let place = Self.context(key.tenant, key.name)
    return try sealer.seal(try sealer.open(key.sealedKey, in: place), in: place)
  }

  private func load(_ tenant: TenantID) async throws(VaultError) -> Opened {
    let readAt = clock.now()
    var records = try await read(tenant)
    if records.isEmpty {
      let made = try make(for: tenant)
      do { _ = try await store.addDataKey(made, ifNewestIs: nil) } catch { throw .store(error) }
      // Another process may have been first; then its key is the one.
      records = try await read(tenant)
    }
    let known = opened.withLock { $0[tenant]?.byName ?? [:] }
    guard let last = records.last else { throw .seal(.unknownKey("")) }
    let newest = if let sealer = known[last.name] { sealer } else { try open(last) }
    // An old key that can't be opened is missed by what it sealed, not by everything else.
    var byName = [last.name: newest]
    for record in records.dropLast() { byName[record.name] = known[record.name] ?? (try? open(record)) }
    let result = Opened(newest: newest, byName: byName, readAt: readAt)
    opened.withLock { opened in
      if opened.count >= Self.capacity { opened.removeAll() }
      opened[tenant] = result
    }
    return result
  }

  private func read(_ tenant: TenantID) async throws(VaultError) -> [DataKey] {
    do { return try await store.dataKeys(of: tenant) } catch { throw .store(error) }
  }

  private func make(for tenant: TenantID) throws(VaultError) -> DataKey {
    let bytes = random.bytes(32)
    let name = Sealer(key: SymmetricKey(data: bytes)).keyName
    do {
      let sealed = try sealer.seal(bytes, in: Self.context(tenant, name))
      return DataKey(name: name, tenant: tenant, sealedKey: sealed, createdAt: clock.now())
    } catch {
      throw .seal(error)
    }
  }

  private func open(_ record: DataKey) throws(VaultError) -> Sealer {
    do {
      let bytes = try sealer.open(record.sealedKey, in: Self.context(record.tenant, record.name))
      return Sealer(key: SymmetricKey(data: bytes))
    } catch {
      throw .seal(error)
    }
  }

  private static func context(_ tenant: TenantID, _ name: String) -> SealContext {
    SealContext(tenant: tenant, record: "data_key", id: name.utf8, column: "sealed_key")
  }
}
