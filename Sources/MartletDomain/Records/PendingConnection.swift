import OAuthProtocol

/// A user who is away at an authorization server to connect an account: stored after their click, spent by the first
/// answer.
public struct PendingConnection: Hashable, Sendable {
  /// The `state` that was sent along.
  public var state: ArtefactDigest
  /// Whose account, where.
  public var key: ConnectionKey
  /// The browser that the click came from.
  public var browser: ArtefactDigest
  /// The authorization server; its answer's code goes nowhere else (V-071).
  public var issuer: String
  /// Martlet's client identifier there.
  public var clientID: String
  /// What was asked for.
  public var scope: ScopeSet
  /// The resource indicator that was sent.
  public var resource: String?
  /// The PKCE verifier, sealed for this state and issuer.
  public var sealedVerifier: [UInt8]
  /// When it ends.
  public var expiresAt: Timestamp

  /// Describes a departure.
  public init(
    state: ArtefactDigest, key: ConnectionKey, browser: ArtefactDigest, issuer: String, clientID: String,
    scope: ScopeSet, resource: String?, sealedVerifier: [UInt8], expiresAt: Timestamp
  ) {
    self.state = state
    self.key = key
    self.browser = browser
    self.issuer = issuer
    self.clientID = clientID
    self.scope = scope
    self.resource = resource
    self.sealedVerifier = sealedVerifier
    self.expiresAt = expiresAt
  }
}

/// A link's ticket: it is good for one click.
public struct ConnectTicket: Hashable, Sendable {
  /// The ticket.
  public var digest: ArtefactDigest
  /// When it ends by itself.
  public var expiresAt: Timestamp

  /// Describes a ticket.
  public init(digest: ArtefactDigest, expiresAt: Timestamp) {
    self.digest = digest
    self.expiresAt = expiresAt
  }
}
