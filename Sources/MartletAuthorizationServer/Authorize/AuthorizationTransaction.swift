import Crypto
import MartletDomain
import StrictCoding

/// The identity of a pending authorization: a hash over its browser and everything that was validated.
///
/// The same URL in the same browser finds the same transaction again, so a GET can be repeated (A1). And because the
/// id can be computed again from what is stored, a field that was altered in between is seen at the end (V-050c).
enum AuthorizationTransaction {
  /// How often the same URL can start anew in one browser before what it left behind is removed.
  static let attempts = 16

  /// How many wait for a login at most, and how many for a decision.
  static let capacity = 10_000

  /// The id of a pending authorization.
  ///
  /// - Parameters:
  ///   - pending: Its fields; the `id` in it is not looked at.
  ///   - attempt: 0 for the first, then one more for each that has ended.
  static func id(of pending: PendingAuthorization, attempt: Int) -> TransactionID {
    let fields: [[UInt8]?] = [
      pending.browser.bytes, pending.client.value.bytes, Array(pending.redirectURI.utf8),
      pending.redirectURIWasSent ? [1] : [0], pending.state.map { Array($0.utf8) }, Array(pending.codeChallenge.utf8),
      pending.route.map { Array($0.path.utf8) }, Array(pending.scope.string.utf8), Array(String(attempt).utf8),
    ]
    var hash = SHA256()
    hash.update(data: Array("martlet transaction\u{0}".utf8))
    for field in fields {
      // Presence and length first, so that no two lists of fields have the same bytes.
      hash.update(data: [field == nil ? 0 : 1])
      withUnsafeBytes(of: UInt64(field?.count ?? 0).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: field ?? [])
    }
    return TransactionID(Base64URL.encode(hash.finalize()))
  }

  /// Whether what is stored is what was validated.
  static func isUnaltered(_ pending: PendingAuthorization) -> Bool {
    (0..<attempts).contains { id(of: pending, attempt: $0) == pending.id }
  }
}
