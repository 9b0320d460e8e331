import MartletDomain

extension Vault {
  /// Refreshes a connection now, due or not, or joins whoever is at it.
  ///
  /// - Returns: How a call would fare afterwards; `.connectionRequired(nil)` where there is no such connection.
  public func refresh(_ key: ConnectionKey) async -> CredentialAnswer {
    await withCheckedContinuation { continuation in
      let isTaken = queue.add { [self] in
        let stored: UpstreamConnection?
        do { stored = try await begun(key) } catch {
          return continuation.resume(returning: .unavailable(retryAt: nil))
        }
        guard let stored, stored.ledger.isUsable else {
          return continuation.resume(returning: .connectionRequired(stored?.ledger.reason))
        }
        guard stored.ledger.isRefreshable else {
          return continuation.resume(returning: .connectionRequired(.notRefreshable))
        }
        engine.refresh(stored, isUrgent: true) { continuation.resume(returning: $0) }
      }
      if !isTaken { continuation.resume(returning: .unavailable(retryAt: nil)) }
    }
  }

  /// The stored connection; of Martlet's own accounts a new one, where it was taken away: whoever asks wants it back.
  private func begun(_ key: ConnectionKey) async throws(StoreError) -> UpstreamConnection? {
    let stored = try await dependencies.store.connection(key)
    return try await dependencies.ownAccounts?.connection(key, stored: stored, isWanted: true) ?? stored
  }
}
