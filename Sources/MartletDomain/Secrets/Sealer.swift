import Crypto
import StrictCoding

/// Why a sealed value could not be made or opened. Never an empty value instead.
public enum SealError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The bytes are not what was sealed under this key for this place.
  case notAuthentic
  /// The bytes name a key that isn't here.
  case unknownKey(String)

  /// For the log.
  public var description: String {
    switch self {
    case .notAuthentic: "what is stored is not what was sealed, or belongs elsewhere"
    case .unknownKey(let key): "sealed under the key \(key), which isn't here; is this the right master.key?"
    }
  }
}

/// Where a sealed value belongs. It is authenticated with the value, so a ciphertext moved elsewhere doesn't open
///
public struct SealContext: Sendable, Hashable {
  let bytes: [UInt8]

  /// Names a place.
  ///
  /// - Parameters:
  ///   - tenant: The tenant of the record.
  ///   - record: The table or kind of record, for example `signing_key`.
  ///   - id: The record's own id.
  ///   - column: The value within the record.
  ///   - version: The record's version, so that an older value can't be put back.
  public init(tenant: TenantID, record: String, id: some Sequence<UInt8>, column: String, version: Int = 1) {
    var bytes: [UInt8] = []
    for part in [tenant.value.bytes, Array(record.utf8), Array(id), Array(column.utf8), Array(String(version).utf8)] {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: part)
    }
    self.bytes = bytes
  }
}

/// Seals what may not lie in clear: AES-256-GCM under the installation's key-encryption key.
///
/// A sealed value is `version(1) ‖ key id(8) ‖ nonce(12) ‖ ciphertext ‖ tag(16)`.
public struct Sealer: Sendable {
  private let keys: SealingKeys
  /// What keys for single purposes are derived from.
  public let root: SymmetricKey

  /// Uses a key-encryption key of 32 bytes.
  public init(key: SymmetricKey) {
    keys = SealingKeys(only: key)
    root = key
  }

  /// Uses keys that may change while the process runs.
  ///
  /// - Parameters:
  ///   - keys: The keys.
  ///   - root: What `derivedKey` derives from, whatever the keys; `nil` for the sealing key of now.
  public init(keys: SealingKeys, root: SymmetricKey?) {
    self.keys = keys
    self.root = root ?? keys.sealing.key
  }

  /// Names the sealing key without telling anything about it.
  public var keyName: String { Hex.encode(keys.sealing.id) }

  /// Names a key without telling anything about it.
  public static func name(of key: SymmetricKey) -> String { Hex.encode(SealingKeys.Key(key).id) }

  /// The name of the key that a value says it was sealed with.
  ///
  /// - Returns: `nil` where it can't be a sealed value.
  public static func keyName(of sealed: [UInt8]) -> String? {
    guard sealed.count >= 9 + 28, sealed.first == 1 else { return nil }
    return Hex.encode(Array(sealed[1..<9]))
  }

  /// Encrypts and authenticates.
  ///
  /// - Parameters:
  ///   - plaintext: What to hide.
  ///   - context: Where it belongs.
  public func seal(_ plaintext: [UInt8], in context: SealContext) throws(SealError) -> [UInt8] {
    let key = keys.sealing
    guard let box = try? AES.GCM.seal(plaintext, using: key.key, authenticating: [1] + key.id + context.bytes),
      let combined = box.combined
    else { throw .notAuthentic }
    return [1] + key.id + Array(combined)
  }

  /// Checks and decrypts.
  ///
  /// - Throws: `SealError` when the value was altered, moved or sealed under another key.
  public func open(_ sealed: [UInt8], in context: SealContext) throws(SealError) -> [UInt8] {
    guard sealed.count >= 9 + 28, sealed.first == 1 else { throw .notAuthentic }
    let id = Array(sealed[1..<9])
    guard let key = keys.key(id) else { throw .unknownKey(Hex.encode(id)) }
    guard let box = try? AES.GCM.SealedBox(combined: sealed[9...]),
      let plaintext = try? AES.GCM.open(box, using: key.key, authenticating: [1] + id + context.bytes)
    else { throw .notAuthentic }
    return Array(plaintext)
  }

  /// A key of its own for one purpose, derived by HKDF.
  ///
  /// - Parameter purpose: For example `csrf`; the same purpose always gives the same key.
  public func derivedKey(for purpose: String) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: root, salt: Array("martlet".utf8), info: Array(purpose.utf8), outputByteCount: 32)
  }
}
