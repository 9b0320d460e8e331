/// A browser in which somebody is logged in.
public struct LoginSession: Hashable, Sendable {
  /// Hash of the cookie.
  public var digest: ArtefactDigest
  /// The browser that it began in.
  public var browser: ArtefactDigest
  /// The tenant of the user.
  public var tenant: TenantID
  /// The user.
  public var user: UserID
  /// When the user proved who they are.
  public var authenticatedAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp

  /// Describes a session.
  public init(
    digest: ArtefactDigest, browser: ArtefactDigest, tenant: TenantID, user: UserID, authenticatedAt: Timestamp,
    expiresAt: Timestamp
  ) {
    self.digest = digest
    self.browser = browser
    self.tenant = tenant
    self.user = user
    self.authenticatedAt = authenticatedAt
    self.expiresAt = expiresAt
  }
}

/// A login that is away at an identity provider.
public struct FederatedLogin: Hashable, Sendable {
  /// Hash of the `state`.
  public var state: ArtefactDigest
  /// The provider's name in the configuration.
  public var provider: String
  /// The browser that left.
  public var browser: ArtefactDigest
  /// The transaction to go on with; `nil` for `/account`.
  public var transaction: TransactionID?
  /// The nonce that the ID token must carry.
  public var nonce: String
  /// The PKCE verifier, sealed.
  public var sealedVerifier: [UInt8]
  /// When it ends.
  public var expiresAt: Timestamp
  /// Where the browser is.
  public var network: NetworkPrefix

  /// Describes a login.
  public init(
    state: ArtefactDigest, provider: String, browser: ArtefactDigest, transaction: TransactionID?, nonce: String,
    sealedVerifier: [UInt8], expiresAt: Timestamp, network: NetworkPrefix = NetworkPrefix(bytes: [])
  ) {
    self.state = state
    self.provider = provider
    self.browser = browser
    self.transaction = transaction
    self.nonce = nonce
    self.sealedVerifier = sealedVerifier
    self.expiresAt = expiresAt
    self.network = network
  }
}
