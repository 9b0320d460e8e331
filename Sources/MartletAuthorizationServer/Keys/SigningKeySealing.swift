import Crypto
import MartletDomain
import OAuthProtocol

/// Makes signing keys and opens stored ones; a private half exists in clear in memory only.
struct SigningKeySealing: Sendable {
  let sealer: Sealer
  let random: any RandomSource

  func make(_ use: SigningKeyUse, createdAt: Timestamp, activatesAt: Timestamp) throws(SigningKeyError)
    -> SigningKeyRecord
  {
    let key = try privateKey()
    let publicKey = JSONWebKey(p256: key.publicKey, keyID: nil)
    let id = publicKey.thumbprint
    do {
      return SigningKeyRecord(
        id: id, use: use, sealedPrivateKey: try sealer.seal(Array(key.rawRepresentation), in: place(id, use)),
        publicKey: Array(key.publicKey.x963Representation), createdAt: createdAt, activatesAt: activatesAt)
    } catch {
      throw .unreadable(kid: id, error)
    }
  }

  func open(_ record: SigningKeyRecord) throws(SigningKeyError) -> SigningKeySnapshot.Key {
    let scalar: [UInt8]
    do {
      scalar = try sealer.open(record.sealedPrivateKey, in: place(record.id, record.use))
    } catch {
      throw .unreadable(kid: record.id, error)
    }
    guard let key = try? P256.Signing.PrivateKey(rawRepresentation: scalar),
      Array(key.publicKey.x963Representation) == record.publicKey
    else { throw .unreadable(kid: record.id, .notAuthentic) }
    return SigningKeySnapshot.Key(
      record: record, privateKey: key, publicKey: JSONWebKey(p256: key.publicKey, keyID: record.id))
  }

  func reseal(_ record: SigningKeyRecord) throws(SealError) -> [UInt8] {
    let place = place(record.id, record.use)
    return try sealer.seal(try sealer.open(record.sealedPrivateKey, in: place), in: place)
  }

  private func place(_ id: String, _ use: SigningKeyUse) -> SealContext {
    SealContext(tenant: .default, record: "signing_key", id: id.utf8, column: use.rawValue)
  }

  private func privateKey() throws(SigningKeyError) -> P256.Signing.PrivateKey {
    // Nearly every 32 bytes are a scalar; a generator that never gives one is broken.
    for _ in 0..<8 {
      if let key = try? P256.Signing.PrivateKey(rawRepresentation: random.bytes(32)) { return key }
    }
    throw .signing("no random scalar")
  }
}
