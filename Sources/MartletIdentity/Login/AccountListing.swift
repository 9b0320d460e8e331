import MartletDomain

/// Tells which accounts at servers a user has: what the vault keeps.
public protocol AccountListing: Sendable {
  /// A user's accounts, with buttons for this browser.
  ///
  /// - Throws: `StoreError`.
  func accounts(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection]
}

/// Nobody has accounts.
public struct NoAccounts: AccountListing {
  /// Makes the list of nothing.
  public init() {}

  /// See `AccountListing`.
  public func accounts(of user: User, in browser: ArtefactDigest) async throws(StoreError) -> [AccountConnection] { [] }
}
