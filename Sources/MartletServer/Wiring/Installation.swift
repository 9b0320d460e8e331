import Crypto
import Foundation
import MartletAudit
import MartletAuthorizationServer
import MartletDomain
import MartletIdentity
import MartletStoreSQLite

/// The state of an installation, opened: what `martlet serve` and every other command work on.
public struct Installation: Sendable {
  /// Everything that lasts.
  public let store: any DurableStore
  /// Knows what is sealed under which key: the same store.
  public let sealing: any SealingStore
  /// The folder of database and key.
  public let dataDirectory: String
  /// The keys of `sealer`.
  public let masterKeys: SealingKeys
  /// Whether they stand in the configuration, where Martlet can't replace them.
  public let isMasterKeyGiven: Bool
  /// Where a key service wraps them.
  public let wrappedKeys: WrappedMasterKeys?
  /// Seals what may not lie in clear.
  public let sealer: Sealer
  /// Tells the time.
  public let clock: any WallClock
  /// Makes keys and ids.
  public let random: any RandomSource
  /// Links the records of the trail.
  public let auditChain: AuditChain
  /// Takes records; call `flush` before the end of a command.
  public let audit: AuditRecorder
  /// What was taken away, as far as this process knows.
  public let revocations = RevocationIndex()
  /// Local users.
  public let localUsers: LocalUsers
  /// Hashes passwords.
  public let passwords: PasswordHasher
  /// API keys.
  public let apiKeys: APIKeys
  /// What users let jobs do.
  public let delegations: Delegations
  /// How tenants stand.
  public let tenants: Tenants
  /// Bearers of the admin API.
  public let adminTokens: AdminTokens
  /// Takes things away.
  public let revoker: Revoker
  /// Signing keys; call `load` before use.
  public let signingKeys: SigningKeys
  /// Takes away all that somebody has.
  public let accessRevoker: AccessRevoker
  /// Who can reach what.
  public let accessReport: AccessReport
  private let closing: @Sendable () throws -> Void

  /// Opens `data_dir`, making it where it doesn't exist.
  ///
  /// - Parameters:
  ///   - dataDirectory: The folder.
  ///   - masterKey: Where the master key comes from.
  ///   - isNewWelcome: Whether an installation is made where there is none.
  ///   - accessLifetime: How long an access token lives, which decides how long a key that was rotated is published.
  /// - Throws: `InstallationError`.
  public static func open(
    dataDirectory: String, masterKey: MasterKeySource = .ownFile, isNewWelcome: Bool = true,
    accessLifetime: @escaping @Sendable () -> Duration
  ) async throws(InstallationError) -> Installation {
    let database = dataDirectory + "/martlet.sqlite"
    guard isNewWelcome || FileManager.default.fileExists(atPath: database) else {
      throw InstallationError(
        "there is no installation in \(dataDirectory)",
        advice:
          "Name its folder with --data-dir, or its file with --config. `martlet serve` and `martlet user add` make one."
      )
    }
    try makeFolder(dataDirectory)
    let masterKey = try await masterKey.opened(dataDirectory)
    let random = SystemRandom()
    let read = try MasterKeyFile.load(
      masterKey, folder: dataDirectory, databaseExists: FileManager.default.fileExists(atPath: database), random: random
    )
    let file = dataDirectory + "/" + MasterKeyFile.name
    let isGiven = if case .given = masterKey { true } else { false }
    let wrapped: WrappedMasterKeys? = if case .wrapped(let keys, _) = masterKey { keys } else { nil }
    let reading: @Sendable () -> [SymmetricKey]? = {
      if let wrapped { return wrapped.read() }
      return isGiven ? nil : try? MasterKeyFile.read(file)
    }
    guard let keys = SealingKeys(read, reading: reading) else { throw .noKey }
    let store: SQLiteStore
    do throws(StoreOpenError) { store = try SQLiteStore(path: database) } catch {
      throw InstallationError(error.message, advice: error.advice)
    }
    try check(keys, of: masterKey, store)
    // Of several given keys the last is the one that the installation began with.
    return Installation(
      store: store, sealer: try sealer(keys, first: read.last, store), keys: keys, isGiven: isGiven,
      wrapped: wrapped, dataDirectory: dataDirectory, random: random, accessLifetime: accessLifetime
    ) { try store.close() }
  }

  private init(
    store: any DurableStore & SealingStore, sealer: Sealer, keys: SealingKeys, isGiven: Bool,
    wrapped: WrappedMasterKeys?, dataDirectory: String, random: SystemRandom,
    accessLifetime: @escaping @Sendable () -> Duration,
    closing: @escaping @Sendable () throws -> Void
  ) {
    let clock = SystemClock()
    let auditChain = AuditChain(key: sealer.derivedKey(for: "audit chain"))
    let recorder = AuditRecorder(store: store, chain: auditChain)
    self.store = store
    self.clock = clock
    self.random = random
    self.closing = closing
    self.sealer = sealer
    sealing = store
    masterKeys = keys
    isMasterKeyGiven = isGiven
    wrappedKeys = wrapped
    self.dataDirectory = dataDirectory
    self.auditChain = auditChain
    audit = recorder
    passwords = PasswordHasher(random: random)
    localUsers = LocalUsers(
      store: store, hasher: passwords, audit: recorder, clock: clock, random: random)
    apiKeys = APIKeys(store: store, index: revocations, audit: recorder, clock: clock, random: random)
    adminTokens = AdminTokens(store: store, audit: recorder, clock: clock, random: random)
    revoker = Revoker(
      refreshTokens: store, revocations: store, index: revocations, clock: clock,
      audit: recorder)
    delegations = Delegations(store: store, index: revocations, audit: recorder, clock: clock, random: random)
    accessRevoker = AccessRevoker(
      store: store, revoker: revoker, keys: apiKeys, delegations: delegations, index: revocations, audit: recorder,
      clock: clock)
    tenants = Tenants(store: store, revoker: revoker, access: accessRevoker, audit: recorder, clock: clock)
    accessReport = AccessReport(store: store, clock: clock)
    signingKeys = SigningKeys(
      store: store, sealer: sealer, clock: clock, random: random, tokenLifetime: accessLifetime, audit: recorder)
  }

  /// Nothing works with a key that doesn't open what is there, and whatever it sealed would be lost to the right one, so it
  /// is told at once.
  static func check(
    _ keys: SealingKeys, of source: MasterKeySource, _ store: SQLiteStore
  ) throws(InstallationError) {
    let used: Set<String>
    do { used = try store.masterKeysAtOnce(at: SystemClock().now()) } catch {
      throw InstallationError("the database can't be read: \(error)", advice: "Check that no other program holds it.")
    }
    // Another process may have replaced the key a moment ago.
    if !used.isSubset(of: keys.names) { keys.readAgain() }
    guard let missing = used.subtracting(keys.names).min() else { return }
    switch source {
    case .wrapped, .wrappedBy:
      throw InstallationError(
        "\(WrappedKeyFile.name) doesn't open this database: it was sealed with another key, \(missing)",
        advice: "Put the \(WrappedKeyFile.name) that belongs to this database back.")
    case .given:
      throw InstallationError(
        "master_key doesn't open this database: it was sealed with another key, \(missing)",
        advice:
          "Put that key behind the new one in master_key, a space between them. The one in data_dir/master.key is "
          + "written by: base64 < master.key")
    case .ownFile, .unread:
      // What is left of a key that is gone for good keeps nobody from the rest.
      guard used.isDisjoint(with: keys.names) else { return }
      throw InstallationError(
        "\(MasterKeyFile.name) doesn't open this database: it was sealed with another key, \(missing)",
        advice: "Put the \(MasterKeyFile.name) that belongs to this database back; nothing was changed.")
    }
  }

  /// Keys for single purposes outlive a rotation: they are derived from the first master key, which is kept sealed.
  private static func sealer(
    _ keys: SealingKeys, first: SymmetricKey?, _ store: SQLiteStore
  ) throws(InstallationError) -> Sealer {
    do {
      guard let sealed = try store.derivationRootAtOnce() else { return Sealer(keys: keys, root: first) }
      let root = try Sealer(keys: keys, root: nil).open(sealed, in: MasterKeyFile.derivationRoot)
      return Sealer(keys: keys, root: SymmetricKey(data: root))
    } catch {
      throw InstallationError(
        "master.key is not the key that this database was sealed with",
        advice: "Put the master.key that belongs to this database back.")
    }
  }

  /// The file in `data_dir` that holds the master key, in clear or wrapped.
  public var masterKeyFile: String? {
    if isMasterKeyGiven { return nil }
    return wrappedKeys == nil ? MasterKeyFile.name : WrappedKeyFile.name
  }

  /// Writes what waits and closes the store.
  public func close() async {
    try? await audit.flush()
    try? closing()
  }

  static func makeFolder(_ folder: String) throws(InstallationError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw InstallationError(
        "can't make the data folder \(folder)", advice: "Set data_dir to a folder that Martlet's user may write to.")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw InstallationError(
        "the data folder \(folder) is read-only",
        advice: "Make it writable for Martlet's user, or set data_dir elsewhere.")
    }
  }
}
