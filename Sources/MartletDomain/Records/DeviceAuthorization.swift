import OAuthProtocol
import StrictCoding

/// A program without a browser that waits until its user has decided in some browser (RFC 8628). Both codes are kept
/// by their hashes.
public struct DeviceAuthorization: Sendable, Hashable {
  /// Hash of the device code, which only the program has.
  public var digest: ArtefactDigest
  /// Keyed hash of the user code, which is short enough to be tried out.
  public var userCode: ArtefactDigest
  /// The client.
  public var client: ClientID
  /// The route asked for; `nil` where the user has to choose.
  public var route: RouteID?
  /// What was asked for.
  public var scope: ScopeSet
  /// The flow that it is a step of.
  public var flow: FlowID
  /// Where it was begun, to be shown to whoever decides.
  public var address: String
  /// The network of that address.
  public var network: NetworkPrefix
  /// When it was begun.
  public var createdAt: Timestamp
  /// When it ends undecided.
  public var expiresAt: Timestamp
  /// How long the program waits between two questions.
  public var interval: Duration
  /// What was decided; `nil` while nobody has.
  public var decision: DeviceDecision?

  /// Describes an authorization.
  public init(
    digest: ArtefactDigest, userCode: ArtefactDigest, client: ClientID, route: RouteID?, scope: ScopeSet,
    flow: FlowID, address: String, network: NetworkPrefix, createdAt: Timestamp, expiresAt: Timestamp,
    interval: Duration, decision: DeviceDecision? = nil
  ) {
    self.digest = digest
    self.userCode = userCode
    self.client = client
    self.route = route
    self.scope = scope
    self.flow = flow
    self.address = address
    self.network = network
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.interval = interval
    self.decision = decision
  }
}

/// What a user decided about a waiting program.
public enum DeviceDecision: Sendable, Hashable {
  /// No.
  case denied
  /// Yes: for this user, this route, under this grant.
  case allowed(TenantID, UserID, RouteID, GrantID)
}

/// What a program hears that asks whether its user has decided.
public enum DevicePoll: Sendable, Hashable {
  /// There is no such code, it is another client's, or it was forgotten.
  case unknown
  /// It ended before anybody decided.
  case expired
  /// Nobody has decided.
  case pending
  /// It asked too early and has to wait longer from now on.
  case tooFast
  /// Somebody has.
  case decided(DeviceAuthorization, DeviceDecision)
}
