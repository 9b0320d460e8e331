import Crypto
import MartletDomain
import OAuthProtocol
import StrictCoding

/// The keys of one moment, opened and indexed.
struct SigningKeySnapshot: Sendable {
  struct Key: Sendable {
    let record: SigningKeyRecord
    let privateKey: P256.Signing.PrivateKey
    let publicKey: JSONWebKey

    func isPublished(at now: Timestamp) -> Bool { record.retiresAt.map { $0 > now } ?? true }
  }

  private let keys: [Key]
  private let byID: [ByteString: Key]

  init(keys: [Key] = []) {
    self.keys = keys
    byID = Dictionary(keys.map { (ByteString($0.record.id), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The key that signs now: the one that became active last.
  func signer(for use: SigningKeyUse, at now: Timestamp) -> Key? {
    let candidates = keys.filter { $0.record.use == use && $0.isPublished(at: now) }
    let active = candidates.filter { $0.record.activatesAt <= now }
    // A clock set back leaves no key active; the oldest is the one that every cache knows.
    return active.max { $0.record.activatesAt < $1.record.activatesAt }
      ?? candidates.min { $0.record.activatesAt < $1.record.activatesAt }
  }

  func verifier(_ kid: ByteString, use: SigningKeyUse, at now: Timestamp) -> JSONWebKey? {
    guard let key = byID[kid], key.record.use == use, key.isPublished(at: now) else { return nil }
    return key.publicKey
  }

  func newest(_ use: SigningKeyUse) -> SigningKeyRecord? {
    keys.map(\.record).filter { $0.use == use }.max { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  func published(at now: Timestamp) -> [JSONWebKey] { keys.filter { $0.isPublished(at: now) }.map(\.publicKey) }
}
