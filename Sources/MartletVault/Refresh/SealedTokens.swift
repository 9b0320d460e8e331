import MartletDomain
import OAuthProtocol

/// What an exchange brought, sealed at once: nothing else of it is passed on, stored or spilled.
public struct SealedTokens: Hashable, Sendable {
  /// The tokens, sealed for the version after the one that was redeemed.
  public var sealedCredential: [UInt8]
  /// Whether there is a refresh token among them.
  public var isRefreshable: Bool
  /// What was granted; `nil` for the same as before.
  public var scope: ScopeSet?
  /// When the access token ends.
  public var expiresAt: Timestamp?
  /// From when it is to be refreshed.
  public var refreshAt: Timestamp?

  /// Describes sealed tokens.
  public init(
    sealedCredential: [UInt8], isRefreshable: Bool, scope: ScopeSet?, expiresAt: Timestamp?, refreshAt: Timestamp?
  ) {
    self.sealedCredential = sealedCredential
    self.isRefreshable = isRefreshable
    self.scope = scope
    self.expiresAt = expiresAt
    self.refreshAt = refreshAt
  }

  func renewal(of version: Int, epoch: Int, at now: Timestamp) -> CredentialRenewal {
    CredentialRenewal(
      success: RefreshSuccess(version: version, epoch: epoch, isRefreshable: isRefreshable, now: now),
      sealedCredential: sealedCredential, scope: scope, expiresAt: expiresAt, refreshAt: refreshAt)
  }
}
