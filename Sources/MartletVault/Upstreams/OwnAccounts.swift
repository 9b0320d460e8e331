import MartletDomain
import OAuthProtocol
import StrictCoding

/// Accounts of Martlet's own (client credentials): nobody connects them, they begin with the first call.
///
/// Such a connection begins without tokens and due, so that the refresh engine gets them: one request however many calls
/// wait, with the same leases and limits as any other.
public struct OwnAccounts: Sendable {
  private let store: any ConnectionStore
  private let seal: CredentialSeal
  private let directory: UpstreamDirectory
  private let clock: any WallClock

  /// - Parameters:
  ///   - store: Where connections are kept.
  ///   - seal: Seals credentials.
  ///   - directory: The configuration of this instant.
  ///   - clock: Tells the time.
  public init(store: any ConnectionStore, seal: CredentialSeal, directory: UpstreamDirectory, clock: any WallClock) {
    self.store = store
    self.seal = seal
    self.directory = directory
    self.clock = clock
  }

  /// The connection to go on with: the stored one, or a new one where the configuration names another account.
  public func connection(
    _ key: ConnectionKey, stored: UpstreamConnection?
  ) async throws(StoreError) -> UpstreamConnection? {
    guard key.owner == .tenant, stored?.ledger.state != .revoked,
      case .clientCredentials(let settings)? = directory.server(key.route)?.credential
    else { return stored }
    if let stored, stored.ledger.isUsable, stored.isAccount(of: settings) { return stored }
    let ledger = RefreshLedger(after: stored?.ledger, isRefreshable: true)
    let nothing = UpstreamTokens(accessToken: Secret("-"), refreshToken: Secret("-"))
    guard let sealed = try? await seal.seal(nothing, for: key, version: ledger.version) else { return stored }
    let now = clock.now()
    let begun = UpstreamConnection(
      key: key, ledger: ledger, issuer: settings.issuer, clientID: settings.clientID, scope: settings.scopes,
      sealedCredential: sealed, expiresAt: now, refreshAt: now, connectedAt: now)
    // Another process may have been first; then its connection is the one.
    return try await store.establishConnection(begun) ? begun : try await store.connection(key)
  }
}

extension UpstreamConnection {
  fileprivate func isAccount(of settings: ClientCredentialsSettings) -> Bool {
    ByteString(issuer) == ByteString(settings.issuer) && ByteString(clientID) == ByteString(settings.clientID)
  }
}
