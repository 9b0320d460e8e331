import Crypto
import Foundation
import MartletDomain
import StrictCoding
import Synchronization

/// Master keys that a key service wraps: opened once for each process, and kept in its memory alone.
///
/// A rotation seals the new key under the one before it, too, so processes that run learn of it without asking anybody;
/// that copy goes with the old key.
public final class WrappedMasterKeys: Sendable {
  let service: WrappingKey
  let file: WrappedKeyFile
  private let opened = Mutex<[String: SymmetricKey]>([:])

  /// - Parameters:
  ///   - service: Who wraps.
  ///   - folder: `data_dir`.
  init(_ service: WrappingKey, folder: String) {
    self.service = service
    file = WrappedKeyFile(path: folder + "/" + WrappedKeyFile.name)
  }

  /// Opens the keys, or has the first one made where there is neither key nor database. An installation that has its key
  /// in `master.key` has it wrapped.
  ///
  /// - Throws: `InstallationError`.
  func open(_ folder: String, databaseExists: Bool) async throws(InstallationError) -> [SymmetricKey] {
    if !file.exists {
      let clear = folder + "/" + MasterKeyFile.name
      if FileManager.default.fileExists(atPath: clear) {
        try await adopt(try MasterKeyFile.read(clear))
      } else if databaseExists {
        throw InstallationError(
          "\(file.path) is missing, but there is a database that was sealed with the key in it",
          advice: "Put it back from your backup. To have the key service wrap a key that you keep elsewhere, write its "
            + "32 bytes to \(clear) first.")
      } else {
        let made = try await service.make()
        try begin([WrappedKeyFile.Entry(name: Sealer.name(of: made.key), wrapped: made.wrapped)])
      }
    }
    try await learn()
    guard let keys = read() else { throw .noKey }
    return keys
  }

  /// Asks the service for those keys in the file that nobody here knows.
  ///
  /// - Throws: `InstallationError`.
  func learn() async throws(InstallationError) {
    for entry in try file.read() where key(entry.name) == nil {
      let key = try await service.unwrap(entry.wrapped)
      guard ByteString(Sealer.name(of: key)) == ByteString(entry.name) else {
        throw InstallationError(
          "\(file.path) was altered: a wrapped key is not the one that it is said to be",
          advice: "Put it back from your backup.")
      }
      keep(key)
    }
  }

  /// The keys in the file as far as they are known or passed on; `nil` where one isn't.
  func read() -> [SymmetricKey]? {
    guard let entries = try? file.read() else { return nil }
    var known: [SymmetricKey] = []
    for entry in entries.reversed() {
      guard let key = key(entry.name) ?? passedOn(entry, by: known.last) else { return nil }
      known.append(key)
    }
    return known.reversed()
  }

  /// The entries with a new key before them.
  ///
  /// - Throws: `InstallationError`, `SealError`.
  func entriesWithNewKey() async throws -> [WrappedKeyFile.Entry] {
    let entries = try file.read()
    guard let before = entries.first, let old = key(before.name) else { throw InstallationError.noKey }
    let made = try await service.make()
    let bytes = made.key.withUnsafeBytes { Array($0) }
    let name = Sealer.name(of: made.key)
    let passedOn = try Sealer(key: old).seal(bytes, in: Self.place(name))
    keep(made.key)
    return [WrappedKeyFile.Entry(name: name, wrapped: made.wrapped, passedOn: passedOn)] + entries
  }

  /// The entries without one that isn't the sealing one, and nothing passed on by it.
  ///
  /// - Throws: `InstallationError`.
  func entries(without name: String) throws(InstallationError) -> [WrappedKeyFile.Entry] {
    let entries = try file.read()
    var kept = entries.prefix(1) + entries.dropFirst().filter { ByteString($0.name) != ByteString(name) }
    for index in kept.indices { kept[index].passedOn = nil }
    return Array(kept)
  }

  private func adopt(_ keys: [SymmetricKey]) async throws(InstallationError) {
    var entries: [WrappedKeyFile.Entry] = []
    for key in keys {
      entries.append(WrappedKeyFile.Entry(name: Sealer.name(of: key), wrapped: try await service.wrap(key)))
    }
    try begin(entries)
  }

  /// Of two processes that start at once, both read what the first one wrote.
  private func begin(_ entries: [WrappedKeyFile.Entry]) throws(InstallationError) {
    let draft = file.path + ".\(ProcessInfo.processInfo.processIdentifier)"
    let created = FileManager.default.createFile(
      atPath: draft, contents: Data(WrappedKeyFile.bytes(entries)), attributes: [.posixPermissions: 0o600])
    defer { try? FileManager.default.removeItem(atPath: draft) }
    guard created else {
      throw InstallationError(
        "can't write \(file.path)",
        advice: "Check that data_dir is writable for Martlet's user and that the disk isn't full.")
    }
    try? FileManager.default.linkItem(atPath: draft, toPath: file.path)
  }

  private func passedOn(_ entry: WrappedKeyFile.Entry, by key: SymmetricKey?) -> SymmetricKey? {
    guard let key, let sealed = entry.passedOn,
      let bytes = try? Sealer(key: key).open(sealed, in: Self.place(entry.name)), bytes.count == WrappingKey.length
    else { return nil }
    let opened = SymmetricKey(data: bytes)
    guard ByteString(Sealer.name(of: opened)) == ByteString(entry.name) else { return nil }
    keep(opened)
    return opened
  }

  private func key(_ name: String) -> SymmetricKey? { opened.withLock { $0[name] } }

  private func keep(_ key: SymmetricKey) { opened.withLock { $0[Sealer.name(of: key)] = key } }

  private static func place(_ name: String) -> SealContext {
    SealContext(tenant: .default, record: "master_key", id: name.utf8, column: "passed_on")
  }
}
