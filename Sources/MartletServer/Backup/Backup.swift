import Foundation
import MartletDomain
import MartletStoreSQLite

/// Copies an installation, and puts a copy back.
public enum Backup {
  /// What was put back.
  public struct Restored: Sendable {
    /// When the copy was made.
    public let createdAt: Timestamp
    /// Users whose access tokens were ended.
    public let users: Int
    /// Upstream accounts whose refresh tokens may have been redeemed since.
    public let accounts: Int
  }

  private static let database = "martlet.sqlite"

  /// Copies the database of `data_dir`, which may be in use, into a sealed file.
  ///
  /// - Throws: `InstallationError`.
  public static func make(
    dataDirectory: String, masterKey: MasterKeySource = .ownFile, to path: String
  ) async throws(InstallationError) -> BackupFile {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw InstallationError("\(path) exists already", advice: "Name another file; nothing is overwritten.")
    }
    let original = dataDirectory + "/" + database
    guard FileManager.default.fileExists(atPath: original) else {
      throw InstallationError(
        "there is no database in \(dataDirectory)", advice: "Name the data folder with --data-dir.")
    }
    let keys = try await key(dataDirectory, masterKey)
    let sealer = Sealer(keys: keys, root: nil)
    let draft = path + ".copying"
    defer { try? FileManager.default.removeItem(atPath: draft) }
    // Nobody else may read what isn't sealed yet.
    guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw InstallationError("can't write \(draft)", advice: "Check that the folder is there and writable.")
    }
    do {
      let store = try SQLiteStore(path: original)
      // A copy under a key that doesn't open what is in it would be no use to anybody.
      try Installation.check(keys, of: masterKey, store)
      try await store.copy(to: draft)
      try store.close()
      let file = try BackupFile(
        database: Array(Data(contentsOf: URL(fileURLWithPath: draft))), at: SystemClock().now(), sealer: sealer)
      try write(file.bytes, to: path)
      return file
    } catch let error as InstallationError {
      throw error
    } catch let error as StoreOpenError {
      throw InstallationError(error.message, advice: error.advice)
    } catch {
      throw InstallationError(
        "the copy could not be written: \(error)", advice: "Check free disk space and that the folder is writable.")
    }
  }

  /// Puts a copy into a `data_dir` that has its key and no database.
  ///
  /// - Throws: `InstallationError`.
  public static func restore(
    _ file: BackupFile, to dataDirectory: String, masterKey: MasterKeySource = .ownFile
  ) async throws(InstallationError) -> Restored {
    let path = dataDirectory + "/" + database
    guard !FileManager.default.fileExists(atPath: path) else {
      throw InstallationError(
        "there is a database in \(dataDirectory) already",
        advice: "Stop Martlet and move that folder away, then put its master.key into the new one.")
    }
    let sealer = Sealer(keys: try await key(dataDirectory, masterKey), root: nil)
    let bytes: [UInt8]
    do throws(SealError) { bytes = try file.database(sealer) } catch {
      throw switch error {
      case .unknownKey:
        InstallationError(
          "this backup was made under another master.key (\(file.keyName), not \(sealer.keyName))",
          advice: "Put the master.key of that time into \(dataDirectory).")
      case .notAuthentic:
        InstallationError("this backup was altered or cut short", advice: "Take another copy of it.")
      }
    }
    do {
      try write(bytes, to: path)
      let store = try SQLiteStore(path: path)
      let now = SystemClock().now()
      let settled = try await store.settleRestored(at: now, accessTokensEnd: now + Revocation.coverage)
      try store.close()
      return Restored(createdAt: file.createdAt, users: settled.users, accounts: settled.accounts)
    } catch let error as StoreOpenError {
      throw InstallationError(error.message, advice: error.advice)
    } catch {
      throw InstallationError(
        "the copy could not be put back: \(error)", advice: "Check free disk space and that the folder is writable.")
    }
  }

  private static func key(_ folder: String, _ source: MasterKeySource) async throws(InstallationError) -> SealingKeys {
    let file: String? =
      switch source {
      case .ownFile: MasterKeyFile.name
      case .wrappedBy, .wrapped: WrappedKeyFile.name
      case .given, .unread: nil
      }
    if let file, !FileManager.default.fileExists(atPath: folder + "/" + file) {
      throw InstallationError(
        "there is no \(file) in \(folder)",
        advice: "Put the installation's key there (mode 600); a backup doesn't hold it.")
    }
    let source = try await source.opened(folder)
    let keys = try MasterKeyFile.load(source, folder: folder, databaseExists: true, random: SystemRandom())
    guard let keys = SealingKeys(keys, reading: { nil }) else { throw .noKey }
    return keys
  }

  /// Whole or not at all, and readable by its owner alone.
  private static func write(_ bytes: [UInt8], to path: String) throws {
    let draft = path + ".writing"
    defer { try? FileManager.default.removeItem(atPath: draft) }
    _ = FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600])
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: draft))
    try file.write(contentsOf: Data(bytes))
    try file.synchronize()
    try file.close()
    try FileManager.default.moveItem(atPath: draft, toPath: path)
  }
}
