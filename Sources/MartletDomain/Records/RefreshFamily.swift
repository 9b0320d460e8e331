import OAuthProtocol
import StrictCoding

/// The chain of refresh tokens that one grant leads to. Scope and resource never change along it (T4).
public struct RefreshFamily: Sendable, Hashable {
  /// The grant, which names the family.
  public var grant: GrantID
  /// The tenant of the user.
  public var tenant: TenantID
  /// The user.
  public var user: UserID
  /// The client.
  public var client: ClientID
  /// The route.
  public var route: RouteID
  /// The granted scope.
  public var scope: ScopeSet
  /// The flow that it came from.
  public var flow: FlowID
  /// When it began.
  public var createdAt: Timestamp
  /// When the whole family ends, however often it is refreshed.
  public var expiresAt: Timestamp
  /// Set when it was revoked.
  public var revokedAt: Timestamp?

  /// Describes a family.
  public init(
    grant: GrantID, tenant: TenantID, user: UserID, client: ClientID, route: RouteID, scope: ScopeSet, flow: FlowID,
    createdAt: Timestamp, expiresAt: Timestamp, revokedAt: Timestamp? = nil
  ) {
    self.grant = grant
    self.tenant = tenant
    self.user = user
    self.client = client
    self.route = route
    self.scope = scope
    self.flow = flow
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }
}

/// One refresh token, kept by its hash.
public struct RefreshToken: Sendable, Hashable {
  /// Hash of the token.
  public var digest: ArtefactDigest
  /// Its family.
  public var grant: GrantID
  /// 1 for the first of the family, then one more for each successor.
  public var generation: Int
  /// When it was issued.
  public var issuedAt: Timestamp
  /// When it ends if nobody uses it.
  public var expiresAt: Timestamp

  /// Describes a token.
  public init(digest: ArtefactDigest, grant: GrantID, generation: Int, issuedAt: Timestamp, expiresAt: Timestamp) {
    self.digest = digest
    self.grant = grant
    self.generation = generation
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
  }
}

/// A presented refresh token as the store knows it.
public struct KnownRefreshToken: Sendable, Hashable {
  /// The token.
  public var token: RefreshToken
  /// Its family.
  public var family: RefreshFamily
  /// When it was exchanged for its successor; `nil` while it is the newest.
  public var rotatedAt: Timestamp?

  /// Describes a known token.
  public init(token: RefreshToken, family: RefreshFamily, rotatedAt: Timestamp?) {
    self.token = token
    self.family = family
    self.rotatedAt = rotatedAt
  }
}

/// What happens to a family when a spent refresh token comes back (`tokens.reuse`).
public enum RefreshReusePolicy: String, Sendable {
  /// The family is revoked.
  case revokeFamily = "revoke_family"
  /// Only that token is refused.
  case refuse
}

/// One atomic exchange of a refresh token for its successor.
public struct RefreshRotation: Sendable {
  /// Hash of the presented token.
  public var presented: ArtefactDigest
  /// The client that presented it, already authenticated.
  public var client: ClientID
  /// The successor, should the presented token turn out to be the newest.
  public var successor: RefreshToken
  /// The token response with the successor, sealed, to be kept for replay.
  public var sealedReply: [UInt8]
  /// How long the predecessor is answered with the same reply; zero for never.
  public var replayWindow: Duration
  /// What reuse does.
  public var reuse: RefreshReusePolicy
  /// The time of the exchange.
  public var now: Timestamp

  /// Describes an exchange.
  public init(
    presented: ArtefactDigest, client: ClientID, successor: RefreshToken, sealedReply: [UInt8], replayWindow: Duration,
    reuse: RefreshReusePolicy, now: Timestamp
  ) {
    self.presented = presented
    self.client = client
    self.successor = successor
    self.sealedReply = sealedReply
    self.replayWindow = replayWindow
    self.reuse = reuse
    self.now = now
  }
}

/// How an exchange went.
public enum RefreshRotationOutcome: Sendable, Hashable {
  /// The successor was stored: answer with the new reply.
  case rotated
  /// The token was exchanged a moment ago and its successor is unused: answer with this sealed reply again.
  case replayed(sealedReply: [UInt8], successor: ArtefactDigest)
  /// A spent token came back. `familyRevoked` tells whether the policy ended the family now.
  case reused(GrantID, familyRevoked: Bool)
  /// Not a token of this client.
  case unknown
  /// The family was revoked earlier.
  case revoked
  /// The token or its family has ended.
  case expired
}
