import Crypto
import Foundation
import MartletDomain

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Puts other keys into `master.key`: whole or not at all, and one process at a time.
struct MasterKeyChange: ~Copyable {
  private static let lock = "master.key.lock"

  private let folder: String
  private let handle: Int32

  /// Waits for nobody.
  ///
  /// - Returns: `nil` where another process is at it.
  init?(folder: String) throws(InstallationError) {
    let path = folder + "/" + Self.lock
    let handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard handle >= 0 else {
      throw InstallationError("can't write \(path)", advice: "Check that data_dir is writable for Martlet's user.")
    }
    guard flock(handle, LOCK_EX | LOCK_NB) == 0 else {
      close(handle)
      return nil
    }
    self.folder = folder
    self.handle = handle
  }

  deinit { close(handle) }

  private var file: String { folder + "/" + MasterKeyFile.name }

  /// When the file was last changed.
  var changedAt: Timestamp? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return (attributes?[.modificationDate] as? Date).map {
      Timestamp(milliseconds: Int64($0.timeIntervalSince1970 * 1000))
    }
  }

  /// Puts a key before those that are there: from now on it seals.
  func prepend(_ key: SymmetricKey) throws(InstallationError) { try write([key] + MasterKeyFile.read(file)) }

  /// Takes a key out that isn't the sealing one.
  func remove(_ name: String) throws(InstallationError) {
    let keys = try MasterKeyFile.read(file)
    try write(keys.prefix(1) + keys.dropFirst().filter { Sealer.name(of: $0) != name })
  }

  private func write(_ keys: [SymmetricKey]) throws(InstallationError) {
    let draft = file + ".next"
    do {
      try? FileManager.default.removeItem(atPath: draft)
      guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteNoPermission) }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: draft))
      for key in keys { try key.withUnsafeBytes { try handle.write(contentsOf: Data($0)) } }
      try handle.synchronize()
      try handle.close()
      CrashPoint.masterKeyDrafted.reach()
      guard rename(draft, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
      let folder = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder))
      try folder.synchronize()
      try folder.close()
    } catch {
      throw InstallationError(
        "the new master key can't be written to \(file)",
        advice: "Make the file and its folder writable for Martlet's user while keys are rotated; nothing was changed.")
    }
  }
}
