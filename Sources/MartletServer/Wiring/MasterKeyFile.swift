import Crypto
import Foundation
import MartletDomain

/// Why the installation can't be opened, in one line, and what to do about it in another.
public struct InstallationError: Error, Sendable, CustomStringConvertible {
  /// What is wrong.
  public let message: String
  /// What to do.
  public let advice: String

  static let noKey = InstallationError("master.key is empty", advice: "Put the key back from your backup.")

  /// Describes an error.
  public init(_ message: String, advice: String) {
    self.message = message
    self.advice = advice
  }

  /// Both lines.
  public var description: String { "\(message)\n\(advice)" }
}

/// The key-encryption key in `data_dir/master.key`: 32 random bytes, made at first start, readable by its owner alone.
/// While keys are rotated, the one before stands behind it.
enum MasterKeyFile {
  static let name = "master.key"
  private static let length = 32
  /// A rotation begins when the one before has ended, so two are usual.
  private static let most = 4

  /// Where the sealed derivation root belongs.
  static let derivationRoot = SealContext(
    tenant: .default, record: "derivation_root", id: Array("installation".utf8), column: "sealed_root")

  /// Reads the key, or makes it where neither key nor database exists.
  ///
  /// - Parameters:
  ///   - folder: `data_dir`.
  ///   - databaseExists: Whether there is something that an absent key would have opened.
  static func load(folder: String, databaseExists: Bool, random: some RandomSource) throws(InstallationError)
    -> [SymmetricKey]
  {
    let path = folder + "/" + name
    if FileManager.default.fileExists(atPath: path) { return try read(path) }
    if databaseExists {
      throw InstallationError(
        "\(path) is missing, but there is a database that was sealed with it",
        advice: "Put the key back from your backup. Without it the signing keys in the database can't be opened.")
    }
    return try make(path, random)
  }

  /// The keys of an installation, wherever they come from, the sealing one first.
  static func load(
    _ source: MasterKeySource, folder: String, databaseExists: Bool, random: some RandomSource
  ) throws(InstallationError) -> [SymmetricKey] {
    switch source {
    case .ownFile: return try load(folder: folder, databaseExists: databaseExists, random: random)
    case .wrapped(_, let keys): return keys
    case .unread, .wrappedBy:
      throw InstallationError(
        "master_key was not read", advice: "Name it by {env: NAME} or {file: PATH}, or give the command its secrets.")
    case .given(let keys):
      guard databaseExists || keys.count == 1 else {
        throw InstallationError(
          "master_key holds several keys, and there is no database yet", advice: "Begin with one key.")
      }
      return keys
    }
  }

  /// Whether there is one.
  static func lies(in folder: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }

  /// Reads the keys, the sealing one first.
  static func read(_ path: String) throws(InstallationError) -> [SymmetricKey] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InstallationError(
        "can't read \(path)", advice: "Check who owns it: Martlet's user must be able to read it.")
    }
    guard data.count > 0, data.count % length == 0, data.count <= most * length else {
      throw InstallationError(
        "\(path) is not a key: it has \(data.count) bytes instead of \(length)",
        advice: "Put the key back from your backup.")
    }
    let mode = (try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int) ?? 0
    guard mode & 0o077 == 0 else {
      throw InstallationError("\(path) can be read by others", advice: "Run: chmod 600 \(path)")
    }
    return stride(from: 0, to: data.count, by: length).map { SymmetricKey(data: data.dropFirst($0).prefix(length)) }
  }

  /// Written beside and moved into place without replacing: of two processes that start at once, both read the one that
  /// won.
  private static func make(_ path: String, _ random: some RandomSource) throws(InstallationError) -> [SymmetricKey] {
    let draft = path + ".\(ProcessInfo.processInfo.processIdentifier)"
    let created = FileManager.default.createFile(
      atPath: draft, contents: Data(random.bytes(length)), attributes: [.posixPermissions: 0o600])
    defer { try? FileManager.default.removeItem(atPath: draft) }
    guard created else {
      throw InstallationError(
        "can't write \(path)",
        advice: "Check that data_dir is writable for Martlet's user and that the disk isn't full.")
    }
    try? FileManager.default.linkItem(atPath: draft, toPath: path)
    return try read(path)
  }
}
