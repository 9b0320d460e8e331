/// A process that wants to redeem a connection's refresh token.
public struct RefreshClaim: Hashable, Sendable {
  /// The version that the process found wanting.
  public var version: Int
  /// Who asks.
  public var node: NodeID
  /// The time.
  public var now: Timestamp
  /// How long nobody else may ask, unless the lease is renewed.
  public var lease: Duration

  /// Describes a claim.
  public init(version: Int, node: NodeID, now: Timestamp, lease: Duration) {
    self.version = version
    self.node = node
    self.now = now
    self.lease = lease
  }
}

/// What became of a claim.
public enum RefreshClaimOutcome: Hashable, Sendable {
  /// The intent is durable: the token may be redeemed, under this number.
  case claimed(epoch: Int)
  /// There is another credential than the one that was found wanting.
  case superseded
  /// Another process is at it.
  case held(until: Timestamp)
  /// It failed a moment ago, and is tried again later.
  case resting(until: Timestamp)
  /// There is nothing to redeem: only its owner can help.
  case ended
}

/// An exchange that brought tokens.
public struct RefreshSuccess: Hashable, Sendable {
  /// The version whose refresh token was redeemed.
  public var version: Int
  /// The number of the lease.
  public var epoch: Int
  /// Whether there is a refresh token to go on with.
  public var isRefreshable: Bool
  /// The time.
  public var now: Timestamp

  /// Describes a success.
  public init(version: Int, epoch: Int, isRefreshable: Bool, now: Timestamp) {
    self.version = version
    self.epoch = epoch
    self.isRefreshable = isRefreshable
    self.now = now
  }
}

/// An exchange that brought none.
public struct RefreshFailure: Hashable, Sendable {
  /// What is known about the refresh token afterwards.
  public enum Cause: Hashable, Sendable {
    /// The authorization server refused it (`invalid_grant`).
    case refused
    /// Nothing: nobody answered, or not in a way that says anything.
    ///
    /// - Parameters:
    ///   - reason: What people are told.
    ///   - mayBeSpent: Whether the request may have been carried out.
    ///   - retryAt: When to try again.
    case passing(ConnectionReason, mayBeSpent: Bool, retryAt: Timestamp)
  }

  /// The version whose refresh token was presented.
  public var version: Int
  /// The number of the lease.
  public var epoch: Int
  /// What is known.
  public var cause: Cause
  /// The time.
  public var now: Timestamp

  /// Describes a failure.
  public init(version: Int, epoch: Int, cause: Cause, now: Timestamp) {
    self.version = version
    self.epoch = epoch
    self.cause = cause
    self.now = now
  }
}

/// What became of reporting how an exchange went.
public enum RefreshReportOutcome: Hashable, Sendable {
  /// It is durable.
  case recorded
  /// There is another credential by now, which the report says nothing about.
  case superseded
  /// Another process took over and is at it: report again when it is done.
  case held(until: Timestamp)
  /// Another process took over, and its lease ran out without a word: take over from it before anything is stored.
  case abandoned
}
