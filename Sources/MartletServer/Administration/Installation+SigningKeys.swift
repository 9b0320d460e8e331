import MartletAuthorizationServer
import MartletDomain
import MartletIdentity

extension Installation {
  /// Adds a signing key because somebody wants one. That it was wanted, and by whom, stands in the trail before the
  /// effect; which key came of it follows.
  ///
  /// - Returns: The new key's `kid`.
  /// - Throws: `StoreError` or `SigningKeyError`.
  public func rotateSigningKey(_ use: SigningKeyUse, by asker: Asker) async throws -> String {
    try await audit.recordDurably(
      asker.event(.signingKeyRotated, at: clock.now(), target: use.rawValue))
    return try await signingKeys.rotate(use)
  }
}
