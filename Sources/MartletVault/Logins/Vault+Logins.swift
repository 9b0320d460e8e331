import MartletDomain
import OAuthProtocol
import StrictCoding

/// What an identity provider gave when a user logged in there.
public struct LoginGrant: Sendable {
  /// The provider's name in the configuration.
  public var provider: String
  /// Who issued the tokens.
  public var issuer: String
  /// To which client of ours.
  public var clientID: String
  /// The tokens.
  public var tokens: UpstreamTokens
  /// How long the access token lives, in seconds; `nil` where the provider didn't say.
  public var expiresIn: Int64?
  /// What was granted.
  public var scope: ScopeSet

  /// Describes a login.
  public init(
    provider: String, issuer: String, clientID: String, tokens: UpstreamTokens, expiresIn: Int64?, scope: ScopeSet
  ) {
    self.provider = provider
    self.issuer = issuer
    self.clientID = clientID
    self.tokens = tokens
    self.expiresIn = expiresIn
    self.scope = scope
  }
}

extension Vault {
  /// Keeps a user's login, sealed, over the one before.
  ///
  /// - Parameters:
  ///   - grant: What the provider gave.
  ///   - user: Whose.
  ///   - tenant: The user's.
  /// - Throws: `VaultError`; then what was there stays.
  public func keep(_ grant: LoginGrant, of user: UserID, in tenant: TenantID) async throws(VaultError) {
    let key = ConnectionKey(tenant: tenant, route: .login(grant.provider), owner: .user(user))
    for _ in 0..<20 {
      let previous: UpstreamConnection?
      do { previous = try await dependencies.store.connection(key) } catch { throw .store(error) }
      let login = try await login(grant, key, after: previous)
      do {
        if let login, try await dependencies.store.establishConnection(login) { return cache.forget(key) }
      } catch {
        throw .store(error)
      }
      await dependencies.sleeper.sleep(for: .milliseconds(200))
    }
    throw .store(.unavailable("contended"))
  }

  /// Takes a user's login away where no server uses it.
  ///
  /// - Throws: `StoreError`.
  public func forgetLogin(at provider: String, of user: UserID, in tenant: TenantID) async throws(StoreError) {
    let key = ConnectionKey(tenant: tenant, route: .login(provider), owner: .user(user))
    guard try await dependencies.store.connection(key)?.ledger.state ?? .revoked != .revoked else { return }
    _ = try await disconnect(key, because: .withdrawn)
  }

  /// A provider that gives a refresh token at the first login alone means the old one to go on. While it is being
  /// redeemed nobody knows which one that is.
  private func login(
    _ grant: LoginGrant, _ key: ConnectionKey, after previous: UpstreamConnection?
  ) async throws(VaultError) -> UpstreamConnection? {
    var tokens = grant.tokens
    if tokens.refreshToken == nil, let previous, previous.ledger.isUsable, previous.ledger.isRefreshable,
      ByteString(previous.issuer) == ByteString(grant.issuer),
      ByteString(previous.clientID) == ByteString(grant.clientID)
    {
      guard previous.ledger.intent == nil else { return nil }
      tokens.refreshToken = try await dependencies.seal.open(previous)?.refreshToken
    }
    let ledger = RefreshLedger(after: previous?.ledger, isRefreshable: tokens.refreshToken != nil)
    let now = dependencies.clock.now()
    let timing = RefreshTiming(random: dependencies.random)
    return UpstreamConnection(
      key: key, ledger: ledger, issuer: grant.issuer, clientID: grant.clientID, scope: grant.scope,
      sealedCredential: try await dependencies.seal.seal(tokens, for: key, version: ledger.version),
      expiresAt: grant.expiresIn.map { now + .seconds($0) },
      refreshAt: ledger.isRefreshable ? timing.refreshAt(issuedAt: now, livingFor: grant.expiresIn) : nil,
      connectedAt: now)
  }
}
