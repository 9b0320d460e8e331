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
  private let wrapped: WrappedMasterKeys?
  private let handle: Int32

  /// Waits for nobody.
  ///
  /// - Returns: `nil` where another process is at it.
  init?(_ installation: Installation) throws(InstallationError) {
    let folder = installation.dataDirectory
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
    wrapped = installation.wrappedKeys
    self.handle = handle
  }

  deinit { close(handle) }

  private var file: String { wrapped?.file.path ?? folder + "/" + MasterKeyFile.name }

  /// When the file was last changed.
  var changedAt: Timestamp? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    return (attributes?[.modificationDate] as? Date).map {
      Timestamp(milliseconds: Int64($0.timeIntervalSince1970 * 1000))
    }
  }

  /// Puts a new key before those that are there: from now on it seals.
  func prepend(_ random: some RandomSource) async throws {
    if let wrapped { return try write(WrappedKeyFile.bytes(try await wrapped.entriesWithNewKey())) }
    let key = SymmetricKey(data: random.bytes(WrappingKey.length))
    try write(Self.bytes([key] + MasterKeyFile.read(file)))
  }

  /// Takes a key out that isn't the sealing one.
  func remove(_ name: String) throws(InstallationError) {
    if let wrapped { return try write(WrappedKeyFile.bytes(try wrapped.entries(without: name))) }
    let keys = try MasterKeyFile.read(file)
    try write(Self.bytes(keys.prefix(1) + keys.dropFirst().filter { Sealer.name(of: $0) != name }))
  }

  private static func bytes(_ keys: [SymmetricKey]) -> [UInt8] {
    keys.flatMap { key in key.withUnsafeBytes { Array($0) } }
  }

  private func write(_ bytes: [UInt8]) throws(InstallationError) {
    let draft = file + ".next"
    do {
      try? FileManager.default.removeItem(atPath: draft)
      guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteNoPermission) }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: draft))
      try handle.write(contentsOf: Data(bytes))
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
