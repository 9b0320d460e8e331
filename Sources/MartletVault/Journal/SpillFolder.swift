import Crypto
import Foundation
import MartletDomain
import StrictCoding

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A spill journal in a folder: one file for each exchange, sealed, synced, moved into place.
///
/// A file's name tells connection, version and lease, so that processes never write the same one and nothing has to be
/// locked.
public struct SpillFolder: SpillJournal {
  /// What the disk refused.
  struct DiskError: Error, Equatable {
    let step: String
    let number: Int32
  }

  private static let suffix = ".spill"

  private let path: String
  private let sealer: Sealer

  /// - Parameters:
  ///   - path: The folder; made when the first file is.
  ///   - sealer: The installation's key.
  public init(path: String, sealer: Sealer) {
    self.path = path
    self.sealer = sealer
  }

  /// See `SpillJournal`.
  public func keep(_ spilled: SpilledTokens) throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let name = Self.name(spilled.key, spilled.version, spilled.epoch)
    let sealed = try sealer.seal(SpillCoding.encode(spilled), in: Self.context(name))
    try Self.save(sealed, to: path + "/" + name)
    try Self.sync(path)
  }

  /// See `SpillJournal`.
  public func newest(of key: ConnectionKey, version: Int) throws -> SpilledTokens? {
    let prefix = Self.prefix(key) + "-\(version)-"
    let names = try names().filter { $0.utf8.starts(with: prefix.utf8) }
    return try names.map(read).max { $0.epoch < $1.epoch }
  }

  /// See `SpillJournal`.
  public func all() throws -> [SpilledTokens] {
    struct Place: Hashable {
      let key: ConnectionKey
      let version: Int
    }
    // A damaged file says so when its connection is refreshed; it doesn't keep the others from being stored.
    let found = try names().compactMap { try? read($0) }
    let newest = Dictionary(found.map { (Place(key: $0.key, version: $0.version), $0) }) {
      $0.epoch < $1.epoch ? $1 : $0
    }
    return newest.values.sorted { $0.version < $1.version }
  }

  /// See `SpillJournal`.
  public func forget(_ key: ConnectionKey, through version: Int) {
    let prefix = Self.prefix(key) + "-"
    for name in (try? names()) ?? [] where name.utf8.starts(with: prefix.utf8) {
      let parts = name.utf8.dropLast(Self.suffix.utf8.count).split(separator: UInt8(ascii: "-"))
      guard parts.count == 3, let own = Int(String(Substring(parts[1]))), own <= version else { continue }
      unlink(path + "/" + name)
    }
  }

  /// Whether nothing waits here.
  public var isEmpty: Bool { (try? names().isEmpty) ?? false }

  /// Seals what waits under the master key of now. What its process stores meanwhile is stored, and comes back as a file
  /// that the next one finds superseded.
  ///
  /// - Throws: Whatever the disk has to say.
  public func reseal() throws {
    for name in try names() {
      let file = path + "/" + name
      guard let sealed = try? Array(Data(contentsOf: URL(fileURLWithPath: file))),
        Sealer.keyName(of: sealed) != sealer.keyName
      else { continue }
      let plain = try sealer.open(sealed, in: Self.context(name))
      try Self.save(try sealer.seal(plain, in: Self.context(name)), to: file)
    }
    if !isEmpty { try Self.sync(path) }
  }

  private func names() throws -> [String] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.utf8.reversed().starts(with: Self.suffix.utf8.reversed()) }
  }

  private func read(_ name: String) throws -> SpilledTokens {
    let sealed = try Array(Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
    return try SpillCoding.decode(try sealer.open(sealed, in: Self.context(name)))
  }

  /// The tenant's and owner's names don't stand in a file's name.
  private static func prefix(_ key: ConnectionKey) -> String {
    Hex.encode(Array(SHA256.hash(data: key.tenant.value.bytes + [0] + key.identity)))
  }

  private static func name(_ key: ConnectionKey, _ version: Int, _ epoch: Int) -> String {
    "\(prefix(key))-\(version)-\(epoch)\(suffix)"
  }

  private static func context(_ name: String) -> SealContext {
    SealContext(tenant: .default, record: "spill", id: name.utf8, column: "tokens")
  }

  private static func save(_ bytes: [UInt8], to path: String) throws {
    let draft = path + ".\(getpid())"
    let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw DiskError(step: "open", number: errno) }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
      guard count > 0 else { throw failure("write", draft) }
      written += count
    }
    guard fsync(file) == 0 else { throw failure("fsync", draft) }
    guard rename(draft, path) == 0 else { throw failure("rename", draft) }
  }

  private static func sync(_ folder: String) throws {
    let handle = open(folder, O_RDONLY | O_CLOEXEC)
    guard handle >= 0 else { throw DiskError(step: "open folder", number: errno) }
    defer { close(handle) }
    guard fsync(handle) == 0 else { throw DiskError(step: "fsync folder", number: errno) }
  }

  private static func failure(_ step: String, _ draft: String) -> DiskError {
    let number = errno
    unlink(draft)
    return DiskError(step: step, number: number)
  }
}
