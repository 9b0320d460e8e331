import MartletDomain
import OAuthProtocol
import StrictCoding

/// Accounts that nobody connects and that begin with the first call: Martlet's own (client credentials), and those that
/// a user's login is exchanged for.
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

  /// The connection to go on with: the stored one, or a new one where the configuration names another account, or its
  /// user has logged in since it ended.
  ///
  /// - Parameters:
  ///   - key: Whose, where.
  ///   - stored: What is stored of it.
  ///   - isWanted: Whether an administrator asks for it, so that what was taken away begins anew.
  public func connection(
    _ key: ConnectionKey, stored: UpstreamConnection?, isWanted: Bool = false
  ) async throws(StoreError) -> UpstreamConnection? {
    switch directory.server(key.route)?.credential {
    case .clientCredentials(let settings)?
    where key.owner == .tenant && (isWanted || stored?.ledger.state != .revoked):
      if let stored, stored.ledger.isUsable, stored.isAccount(at: settings.issuer, of: settings.clientID) {
        return stored
      }
      return try await begin(key, at: settings.issuer, as: settings.clientID, settings.scopes, after: stored)
    case .tokenExchange(let settings)? where key.owner != .tenant:
      let authority = settings.authority
      let isSame = stored?.isAccount(at: authority.issuer, of: authority.clientID) ?? false
      if let stored, stored.ledger.isUsable, isSame { return stored }
      guard let login = try await store.connection(key.login(at: settings.provider)), login.isLogin(at: settings.login),
        !isSame || stored.map({ login.connectedAt > $0.connectedAt }) ?? true
      else { return stored }
      return try await begin(key, at: authority.issuer, as: authority.clientID, settings.scopes, after: stored)
    default: return stored
    }
  }

  private func begin(
    _ key: ConnectionKey, at issuer: String, as clientID: String, _ scopes: ScopeSet,
    after stored: UpstreamConnection?
  ) async throws(StoreError) -> UpstreamConnection? {
    let ledger = RefreshLedger(after: stored?.ledger, isRefreshable: true)
    let nothing = UpstreamTokens(accessToken: Secret("-"), refreshToken: Secret("-"))
    guard let sealed = try? await seal.seal(nothing, for: key, version: ledger.version) else { return stored }
    let now = clock.now()
    let begun = UpstreamConnection(
      key: key, ledger: ledger, issuer: issuer, clientID: clientID, scope: scopes, sealedCredential: sealed,
      expiresAt: now, refreshAt: now, connectedAt: now)
    // Another process may have been first; then its connection is the one.
    return try await store.establishConnection(begun) ? begun : try await store.connection(key)
  }
}

extension UpstreamConnection {
  fileprivate func isAccount(at authority: String, of client: String) -> Bool {
    ByteString(issuer) == ByteString(authority) && ByteString(clientID) == ByteString(client)
  }
}
