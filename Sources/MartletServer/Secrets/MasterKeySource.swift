import Crypto
import Foundation
import MartletDomain
import StrictCoding

/// Where the installation's master key comes from.
public enum MasterKeySource: Sendable {
  /// `master.key` in `data_dir`, made at the first start.
  case ownFile
  /// The configuration (`master_key`): the first key seals, all of them open.
  case given([SymmetricKey])
  /// A key service wraps it; `opened` has it opened.
  case wrappedBy(WrappingKey)
  /// The same, opened.
  case wrapped(WrappedMasterKeys, [SymmetricKey])
  /// The configuration names one that wasn't read.
  case unread

  private static let length = 32
  private static let most = 4

  /// The same, with the keys that a key service wraps opened.
  ///
  /// - Parameter folder: `data_dir`.
  /// - Throws: `InstallationError`.
  func opened(_ folder: String) async throws(InstallationError) -> MasterKeySource {
    guard case .wrappedBy(let service) = self else { return self }
    try Installation.makeFolder(folder)
    let keys = WrappedMasterKeys(service, folder: folder)
    let exists = FileManager.default.fileExists(atPath: folder + "/martlet.sqlite")
    return .wrapped(keys, try await keys.open(folder, databaseExists: exists))
  }

  /// Reads keys as people write them: 32 bytes each in base64 or hexadecimal, white space between them.
  ///
  /// - Returns: `nil` for anything else.
  static func keys(_ text: Secret) -> [SymmetricKey]? {
    let words = text.expose().split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    guard (1...most).contains(words.count) else { return nil }
    let keys = words.compactMap { key(ByteString(Array($0)).string) }
    let names = Set(keys.map { Sealer.name(of: $0) })
    return keys.count == words.count && names.count == keys.count ? keys : nil
  }

  private static func key(_ word: String) -> SymmetricKey? {
    let bytes =
      word.utf8.count == 2 * length
      ? Hex.decode(word) : Base64.decode(word.utf8.last == 0x3D ? word : word + "=") ?? Base64URL.decode(word)
    return bytes.flatMap { $0.count == length ? SymmetricKey(data: $0) : nil }
  }
}
