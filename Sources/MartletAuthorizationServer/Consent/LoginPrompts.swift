import MartletDomain
import OAuthProtocol

/// Tells the login page which client waits, and where its answer will go.
public struct LoginPrompts: Sendable {
  private let settings: @Sendable () -> AuthorizationServerSettings
  private let authorizations: any AuthorizationStore
  private let clock: any WallClock

  /// Assembles the reader.
  ///
  /// - Parameters:
  ///   - settings: Gives the configuration snapshot of this instant.
  ///   - authorizations: Keeps pending authorizations.
  ///   - clock: Tells the time.
  public init(
    settings: @escaping @Sendable () -> AuthorizationServerSettings, authorizations: any AuthorizationStore,
    clock: any WallClock
  ) {
    self.settings = settings
    self.authorizations = authorizations
    self.clock = clock
  }

  /// The client that waits behind a transaction.
  ///
  /// - Parameters:
  ///   - transaction: As presented.
  ///   - browser: The browser that asks; a transaction of another one is as if unknown (V-018b).
  /// - Returns: Nil where there is no such transaction for this browser, or it has ended.
  public func prompt(
    for transaction: TransactionID, browser: ArtefactDigest
  ) async throws(StoreError) -> LoginPrompt? {
    guard let pending = try await authorizations.pendingAuthorization(transaction, at: clock.now()),
      pending.browser == browser, pending.expiresAt > clock.now(), AuthorizationTransaction.isUnaltered(pending),
      let redirectURI = try? RedirectURI(registering: pending.redirectURI, policy: settings().redirectURIPolicy)
    else { return nil }
    return LoginPrompt(
      clientName: pending.clientName, clientHost: LoginPrompt.verifiedHost(of: pending.client),
      redirectHost: redirectURI.host)
  }
}
