import MartletDomain

/// Tells which accounts at servers a user has: what the vault keeps.
public protocol AccountListing: Sendable {
  /// A user's accounts, with buttons for this browser.
  ///
  /// - Throws: `StoreError`.
  func accounts(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection]

  /// The jobs that act for a user, with forms for this browser; `nil` where there are none to be had.
  ///
  /// - Throws: `StoreError`.
  func delegations(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> AccountDelegations?
}

extension AccountListing {
  /// None.
  public func delegations(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> AccountDelegations? {
    nil
  }
}

/// Nobody has accounts.
public struct NoAccounts: AccountListing {
  /// Makes the list of nothing.
  public init() {}

  /// See `AccountListing`.
  public func accounts(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection] { [] }
}
