import MartletDomain
import MartletIdentity
import MartletVault
import OAuthProtocol

/// Lets the pages where accounts are connected know who is logged in.
struct ConnectingUsersAdapter: ConnectingUsers {
  let sessions: LoginSessions

  func current(of request: EndpointRequest) async throws(StoreError) -> (user: User, browser: ArtefactDigest)? {
    try await sessions.current(of: request).map { ($0.user, $0.session.browser) }
  }
}

/// Lets the account page list what the vault keeps.
struct AccountListingAdapter: AccountListing {
  let connections: AccountConnections
  let jobs: DelegationPages

  func accounts(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection] {
    try await connections.list(of: user, in: browser)
  }

  func delegations(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> AccountDelegations? {
    try await jobs.part(of: user, in: browser)
  }
}

/// Gives the vault what logins at identity providers bring, where a server uses it.
struct LoginTokenAdapter: LoginTokenKeeping {
  let vault: Vault
  let snapshots: SnapshotHolder

  func keep(_ tokens: ProviderTokens, of user: User, from provider: String) async throws(StoreError) {
    guard snapshots.current.vault.usesLogins(at: provider, of: user.tenant) else {
      return try await vault.forgetLogin(at: provider, of: user.id, in: user.tenant)
    }
    let response = tokens.response
    let kept = UpstreamTokens(
      accessToken: Secret(response.accessToken), refreshToken: response.refreshToken.map { Secret($0) },
      idToken: response.idToken.map { Secret($0) })
    let grant = LoginGrant(
      provider: provider, issuer: tokens.issuer, clientID: tokens.clientID, tokens: kept,
      expiresIn: response.expiresIn, scope: response.scope ?? ScopeSet())
    do { try await vault.keep(grant, of: user.id, in: user.tenant) } catch {
      throw .unavailable("the login's tokens can't be kept: \(error)")
    }
  }
}
