import Crypto
import MartletDomain
import MartletIdentity
import MartletVault

/// Replaces the master key and the tenants' data keys while everything goes on.
///
/// Every step can be done twice, so whoever comes after a process that was killed does them all again: the next command,
/// or a running gateway. Values are read under either key meanwhile, and a key goes when nothing is sealed under it.
public struct SecretRotation: Sendable {
  /// What is replaced.
  public struct Scope: Sendable {
    /// The installation's key.
    public var masterKey: Bool
    /// Every tenant's data key.
    public var dataKeys: Bool

    /// Chooses.
    public init(masterKey: Bool, dataKeys: Bool) {
      self.masterKey = masterKey
      self.dataKeys = dataKeys
    }
  }

  /// How far it is.
  public struct Progress: Sendable {
    /// Values sealed under the new master key.
    public var values = 0
    /// Data keys that were added.
    public var dataKeys = 0
    /// Credentials sealed under the new data keys.
    public var credentials = 0
    /// Credentials that no key opens; their key stays.
    public var unreadable = 0
    /// Old keys that are gone.
    public var retired = 0
    /// Whether no old key is left.
    public var isEnded = false

    /// Nothing is done yet.
    public init() {}
  }

  /// How long processes may take to notice a new key.
  static let rest: Duration = .seconds(15)
  static let batch = 200
  /// How often it is looked whether another process has ended: half a minute.
  private static let patience = 300

  let installation: Installation
  let dataKeys: DataKeys
  let seal: CredentialSeal
  let spill: SpillFolder
  private let asker: Asker
  private let report: @Sendable (Progress) -> Void

  /// - Parameters:
  ///   - installation: Whose keys.
  ///   - asker: Who wants it.
  ///   - report: Hears of progress.
  public init(
    _ installation: Installation, by asker: Asker = Asker(),
    report: @escaping @Sendable (Progress) -> Void = { _ in }
  ) {
    self.installation = installation
    self.asker = asker
    dataKeys = DataKeys(
      store: installation.store, sealer: installation.sealer, clock: installation.clock, random: installation.random)
    seal = CredentialSeal(keys: dataKeys)
    spill = SpillFolder(path: installation.dataDirectory + "/spill", sealer: installation.sealer)
    self.report = report
  }

  /// Begins a rotation and leaves the rest to the gateways that run; does nothing where one was begun.
  ///
  /// - Parameter scope: What to replace.
  /// - Throws: `InstallationError` or `StoreError`; nothing was begun then.
  public func begin(_ scope: Scope) async throws {
    // Whoever has the turn is at it already.
    guard let change = try await turn(isPatient: false) else { return }
    _ = try await begun(scope)
    withExtendedLifetime(change) {}
  }

  /// Begins a rotation, or goes on with one that was begun, as far as it can be brought now.
  ///
  /// - Parameter scope: What to replace; `nil` to go on only.
  /// - Returns: `nil` where there is nothing to go on with.
  /// - Throws: `InstallationError`, `StoreError`, `VaultError`, or what the disk has to say; what was done stays good.
  public func run(_ scope: Scope?) async throws -> Progress? {
    guard let change = try await turn(isPatient: scope != nil) else { return nil }
    guard let rotation = try await begun(scope) else { return nil }
    var progress = Progress()
    if let old = rotation.masterKey { try await replaceMasterKey(old, change, &progress) }
    if rotation.replacesDataKeys { try await replaceDataKeys(madeBefore: rotation.begunAt, &progress) }
    try await retire(change, &progress)
    if progress.isEnded {
      try await installation.sealing.endKeyRotation()
      installation.audit.record(
        AuditEvent(at: installation.clock.now(), action: .secretRotated, target: installation.sealer.keyName))
    }
    report(progress)
    return progress
  }

  /// Waits for another process that is at it, where somebody asked for a rotation.
  private func turn(isPatient: Bool) async throws -> MasterKeyChange? {
    for _ in 0..<Self.patience {
      if let change = try MasterKeyChange(installation) { return change }
      if !isPatient { return nil }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw InstallationError(
      "another process is rotating keys", advice: "`martlet secret status` shows how far it is; run this again later.")
  }

  private func begun(_ scope: Scope?) async throws -> KeyRotation? {
    if let rotation = try await installation.sealing.keyRotation() { return rotation }
    guard let scope else { return nil }
    installation.masterKeys.readAgain()
    let rotation = KeyRotation(
      begunAt: installation.clock.now(), masterKey: scope.masterKey ? try leaving() : nil,
      replacesDataKeys: scope.dataKeys)
    // The record stands before the effect.
    try await installation.audit.recordDurably(
      asker.event(.secretRotationBegun, at: installation.clock.now(), target: installation.sealer.keyName))
    try await installation.sealing.beginKeyRotation(rotation)
    CrashPoint.rotationBegun.reach()
    return rotation
  }

  /// The master key that is replaced: the one before it stands in the configuration already, or is made.
  private func leaving() throws(InstallationError) -> String {
    guard installation.isMasterKeyGiven else { return installation.sealer.keyName }
    guard let old = installation.masterKeys.names.dropFirst().last else {
      throw InstallationError(
        "the master key stands in the configuration, so Martlet can't replace it",
        advice:
          "Put a new key before it in master_key, a space between them, restart every Martlet on this folder, and "
          + "run this again. Or replace the tenants' keys alone: --only data-keys")
    }
    return old
  }

  private func replaceMasterKey(
    _ old: String, _ change: borrowing MasterKeyChange, _ progress: inout Progress
  ) async throws {
    let (store, sealer) = (installation.sealing, installation.sealer)
    installation.masterKeys.readAgain()
    if installation.isMasterKeyGiven || sealer.keyName == old {
      let root = sealer.root.withUnsafeBytes { Array($0) }
      try await store.keepDerivationRoot(try sealer.seal(root, in: MasterKeyFile.derivationRoot))
    }
    if !installation.isMasterKeyGiven, sealer.keyName == old {
      try await change.prepend(installation.random)
      CrashPoint.masterKeyReplaced.reach()
      installation.masterKeys.readAgain()
    }
    for value in try await store.valuesSealed(otherThanUnder: sealer.keyName) {
      if try await store.reseal(value, as: try resealed(value)) { progress.values += 1 }
      CrashPoint.valueResealed.reach()
      report(progress)
    }
    try spill.reseal()
  }

  private func resealed(_ value: MasterSealedValue) throws -> [UInt8] {
    switch value {
    case .dataKey(let key): return try dataKeys.reseal(key)
    case .signingKey(let key): return try installation.signingKeys.reseal(key)
    case .registration(let own): return try UpstreamRegistrar.reseal(own, with: installation.sealer)
    case .derivationRoot(let sealed):
      let (sealer, place) = (installation.sealer, MasterKeyFile.derivationRoot)
      return try sealer.seal(try sealer.open(sealed, in: place), in: place)
    }
  }

  private func replaceDataKeys(madeBefore time: Timestamp, _ progress: inout Progress) async throws {
    for tenant in try await installation.sealing.tenantsWithDataKeys() {
      if try await dataKeys.replace(of: tenant, madeBefore: time) { progress.dataKeys += 1 }
      CrashPoint.dataKeyAdded.reach()
      try await resealCredentials(of: tenant, &progress)
    }
  }

  private func resealCredentials(of tenant: TenantID, _ progress: inout Progress) async throws {
    let store = installation.sealing
    guard let newest = try await store.dataKeys(of: tenant).last?.name else { return }
    var last: ConnectionKey?
    while true {
      let found = try await store.connections(
        sealedOtherThanUnder: newest, of: tenant, after: last, limit: Self.batch)
      guard let end = found.last?.key else { return }
      last = end
      var resealed: [ResealedCredential] = []
      for connection in found {
        do { try await seal.reseal(connection).map { resealed.append($0) } } catch VaultError.store(let error) {
          throw error
        } catch {
          progress.unreadable += 1
        }
      }
      try await store.resealCredentials(resealed)
      progress.credentials += resealed.count
      CrashPoint.batchResealed.reach()
      report(progress)
    }
  }

  private func retire(_ change: borrowing MasterKeyChange, _ progress: inout Progress) async throws {
    let (store, now) = (installation.sealing, installation.clock.now())
    var isLeft = false
    for tenant in try await store.tenantsWithDataKeys() {
      for key in try await store.dataKeys(of: tenant).dropLast() {
        // What waits in the journal may be sealed under any of them.
        let isGone =
          spill.isEmpty ? try await store.retireDataKey(key.name, of: tenant, at: now, after: Self.rest) : false
        if isGone {
          progress.retired += 1
          CrashPoint.dataKeyRetired.reach()
        } else {
          isLeft = true
        }
      }
    }
    for name in installation.masterKeys.names.dropFirst() {
      if installation.isMasterKeyGiven {
        // Whoever wrote it into the configuration takes it out.
        let isGone = spill.isEmpty ? try await store.retireMasterKey(name, at: now) : false
        if isGone { progress.retired += 1 } else { isLeft = true }
        continue
      }
      guard spill.isEmpty, let changed = change.changedAt, now - changed >= Self.rest,
        try await store.retireMasterKey(name, at: now)
      else {
        isLeft = true
        continue
      }
      CrashPoint.masterKeyRetired.reach()
      try change.remove(name)
      installation.masterKeys.readAgain()
      progress.retired += 1
    }
    progress.isEnded = !isLeft
  }
}
