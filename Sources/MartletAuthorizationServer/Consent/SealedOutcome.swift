import MartletDomain
import StrictCoding

/// The redirect that finished an authorization, sealed at rest because it holds the code. Submitting any copy of the
/// page again gives the same answer (A1), to the same user only.
struct SealedOutcome: Sendable {
  let sealer: Sealer

  /// Seals a redirect.
  func seal(_ location: String, for user: User, of transaction: TransactionID) throws(SealError) -> [UInt8] {
    let owner = Self.owner(user)
    let plaintext = [UInt8(truncatingIfNeeded: owner.count >> 8), UInt8(truncatingIfNeeded: owner.count)] + owner
    return try sealer.seal(plaintext + Array(location.utf8), in: Self.place(transaction))
  }

  /// Opens a redirect.
  ///
  /// - Returns: Nil where it was another user's.
  func open(_ sealed: [UInt8], for user: User, of transaction: TransactionID) throws(SealError) -> String? {
    let plaintext = try sealer.open(sealed, in: Self.place(transaction))
    guard plaintext.count >= 2 else { throw .notAuthentic }
    let length = Int(plaintext[0]) << 8 | Int(plaintext[1])
    let rest = plaintext.dropFirst(2)
    guard rest.count > length else { throw .notAuthentic }
    guard Array(rest.prefix(length)) == Self.owner(user) else { return nil }
    return String(decoding: rest.dropFirst(length), as: UTF8.self)
  }

  private static func owner(_ user: User) -> [UInt8] { user.tenant.value.bytes + [0] + user.id.value.bytes }

  /// A transaction has no tenant before its user is known, so its place is the installation's.
  private static func place(_ transaction: TransactionID) -> SealContext {
    SealContext(
      tenant: .default, record: "pending_authorization", id: transaction.value.bytes, column: "sealed_outcome")
  }
}
