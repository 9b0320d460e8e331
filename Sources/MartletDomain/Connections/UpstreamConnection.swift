import OAuthProtocol

/// An account at a server behind Martlet, with the credential that opens it, sealed.
public struct UpstreamConnection: Hashable, Sendable {
  /// Whose account, where.
  public var key: ConnectionKey
  /// Who may refresh it, and how it stands.
  public var ledger: RefreshLedger
  /// The authorization server that issued the credential; it is redeemed nowhere else (V-071).
  public var issuer: String
  /// Martlet's client identifier there.
  public var clientID: String
  /// What was granted.
  public var scope: ScopeSet
  /// What was asked for, and what the server wanted beyond it.
  public var scopes: ScopeLedger
  /// The resource indicator that the credential was asked for with; `nil` for none.
  public var resource: String?
  /// Access token and refresh token as one value, sealed for this version; `nil` once the connection was revoked.
  public var sealedCredential: [UInt8]?
  /// When the access token ends; `nil` where nobody said.
  public var expiresAt: Timestamp?
  /// From when it is refreshed without being asked for; `nil` where it can't be.
  public var refreshAt: Timestamp?
  /// When its owner connected it.
  public var connectedAt: Timestamp
  /// When its credential was last renewed.
  public var refreshedAt: Timestamp?

  /// Describes a connection.
  public init(
    key: ConnectionKey, ledger: RefreshLedger, issuer: String, clientID: String, scope: ScopeSet,
    sealedCredential: [UInt8]?, expiresAt: Timestamp?, refreshAt: Timestamp?, connectedAt: Timestamp,
    refreshedAt: Timestamp? = nil, scopes: ScopeLedger? = nil, resource: String? = nil
  ) {
    self.key = key
    self.ledger = ledger
    self.issuer = issuer
    self.clientID = clientID
    self.scope = scope
    self.scopes = scopes ?? ScopeLedger(asked: scope)
    self.resource = resource
    self.sealedCredential = sealedCredential
    self.expiresAt = expiresAt
    self.refreshAt = refreshAt
    self.connectedAt = connectedAt
    self.refreshedAt = refreshedAt
  }

  /// Whether its credential is a key that its owner entered: no authorization server issued it.
  public var isEntered: Bool { issuer.isEmpty }

  /// Whether it is time to refresh it: its hour has come, or a process left it in the midst of it.
  public func isDue(at now: Timestamp) -> Bool {
    guard ledger.isUsable, ledger.isRefreshable else { return false }
    if let retryAt = ledger.retryAt, retryAt > now { return false }
    if let intent = ledger.intent { return intent.leaseUntil <= now }
    return refreshAt.map { $0 <= now } ?? false
  }

  /// Takes in new tokens where the ledger accepts them.
  public mutating func commit(_ renewal: CredentialRenewal) -> RefreshReportOutcome {
    let outcome = ledger.commit(renewal.success)
    guard outcome == .recorded else { return outcome }
    sealedCredential = renewal.sealedCredential
    scope = renewal.scope ?? scope
    expiresAt = renewal.expiresAt
    refreshAt = renewal.refreshAt
    refreshedAt = renewal.success.now
    return outcome
  }

  /// Takes the connection away, and the credential with it.
  ///
  /// - Returns: Whether there was something to take.
  public mutating func revoke(because reason: ConnectionReason) -> Bool {
    guard ledger.revoke(because: reason) else { return false }
    sealedCredential = nil
    expiresAt = nil
    refreshAt = nil
    return true
  }
}

/// What an exchange brought, sealed for the version after the one that was redeemed.
public struct CredentialRenewal: Hashable, Sendable {
  /// What the ledger has to know.
  public var success: RefreshSuccess
  /// The new credential.
  public var sealedCredential: [UInt8]
  /// What is granted now; `nil` for the same as before (RFC 6749 §5.1).
  public var scope: ScopeSet?
  /// When the access token ends.
  public var expiresAt: Timestamp?
  /// From when it is refreshed again.
  public var refreshAt: Timestamp?

  /// Describes a renewal.
  public init(
    success: RefreshSuccess, sealedCredential: [UInt8], scope: ScopeSet?, expiresAt: Timestamp?, refreshAt: Timestamp?
  ) {
    self.success = success
    self.sealedCredential = sealedCredential
    self.scope = scope
    self.expiresAt = expiresAt
    self.refreshAt = refreshAt
  }
}

/// What another process needs to hear of: that a connection isn't what it was.
public struct ConnectionChange: SequencedChange, Hashable {
  /// Its place in the order of all changes.
  public let sequence: Int64
  /// Which connection.
  public let key: ConnectionKey
  /// Its version now.
  public let version: Int
  /// Whether its credential may be handed out.
  public let isUsable: Bool

  /// Describes a change.
  public init(sequence: Int64, key: ConnectionKey, version: Int, isUsable: Bool) {
    self.sequence = sequence
    self.key = key
    self.version = version
    self.isUsable = isUsable
  }
}
