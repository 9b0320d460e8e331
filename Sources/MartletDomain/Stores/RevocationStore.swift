/// The append-only table that every process follows.
public protocol RevocationStore: Sendable {
  /// Appends rows.
  func appendRevocations(_ revocations: [Revocation]) async throws(StoreError)

  /// Rows after a sequence number that have not expired, in order.
  func revocations(after sequence: Int64, at now: Timestamp) async throws(StoreError) -> [SequencedRevocation]

  /// Removes rows whose last covered token has expired.
  func removeExpiredRevocations(at now: Timestamp) async throws(StoreError)
}
