import MartletDomain
import MartletIdentity
import MartletVault

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
