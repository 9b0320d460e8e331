import MartletDomain
import OAuthProtocol

/// Keys that people enter: sealed and stored like any credential, never refreshed and never shown again.
public struct EnteredKeys: Sendable {
  private let store: any ConnectionStore
  private let seal: CredentialSeal
  private let clock: any WallClock

  /// - Parameters:
  ///   - store: Where connections are kept.
  ///   - seal: Seals them.
  ///   - clock: Tells the time.
  public init(store: any ConnectionStore, seal: CredentialSeal, clock: any WallClock) {
    self.store = store
    self.seal = seal
    self.clock = clock
  }

  /// Keeps a key over whatever is there; processes that use another one hear of it within a second.
  ///
  /// - Parameters:
  ///   - entered: The key.
  ///   - key: Whose, for which server.
  /// - Throws: `VaultError`; then what was there stays.
  public func keep(_ entered: Secret, for key: ConnectionKey) async throws(VaultError) {
    for _ in 0..<3 {
      let connection = try await connection(of: entered, for: key)
      do { if try await store.establishConnection(connection) { return } } catch { throw .store(error) }
    }
    throw .store(.unavailable("contended"))
  }

  private func connection(
    of entered: Secret, for key: ConnectionKey
  ) async throws(VaultError) -> UpstreamConnection {
    let previous: UpstreamConnection?
    do { previous = try await store.connection(key) } catch { throw .store(error) }
    let ledger = RefreshLedger(after: previous?.ledger, isRefreshable: false)
    let sealed = try await seal.seal(
      UpstreamTokens(accessToken: entered, refreshToken: nil), for: key, version: ledger.version)
    return UpstreamConnection(
      key: key, ledger: ledger, issuer: "", clientID: "", scope: ScopeSet(), sealedCredential: sealed, expiresAt: nil,
      refreshAt: nil, connectedAt: clock.now())
  }
}
