/// A process, for as long as it lives: drawn at random when it starts.
public struct NodeID: Hashable, Sendable {
  /// The drawn number.
  public let value: Int64

  /// Wraps a number.
  public init(_ value: Int64) { self.value = value }

  /// Draws one.
  public init(_ random: some RandomSource) {
    value = random.bytes(8).reduce(0) { ($0 << 8) | Int64($1) }
  }
}

/// What a process wrote down before it asked for tokens: from then on the refresh token may be spent.
public struct RefreshIntent: Hashable, Sendable {
  /// Who asks.
  public let node: NodeID
  /// The lease's number; every lease of a connection has a higher one than those before.
  public let epoch: Int
  /// When it was written.
  public let startedAt: Timestamp
  /// Until when nobody else may ask; moved on while the asking goes on.
  public var leaseUntil: Timestamp

  /// Describes an intent.
  public init(node: NodeID, epoch: Int, startedAt: Timestamp, leaseUntil: Timestamp) {
    self.node = node
    self.epoch = epoch
    self.startedAt = startedAt
    self.leaseUntil = leaseUntil
  }
}

/// What decides whether, and by whom, a connection is refreshed.
///
/// Every store keeps it beside the credential and changes it by these methods alone, each in one transaction, so that
/// all stores decide alike and the exhaustive search runs over the very code that runs in them. A result is
/// fenced twice: by version, so that it never replaces a newer credential than the one it was bought with, and by lease,
/// so that a process that was away for too long waits for the one that took over.
public struct RefreshLedger: Hashable, Sendable {
  /// How the connection stands.
  public internal(set) var state: ConnectionState
  /// Why, where it isn't simply active.
  public internal(set) var reason: ConnectionReason?
  /// The credential's version: one more with every credential that is stored.
  public internal(set) var version: Int
  /// The number of the newest lease.
  public internal(set) var epoch: Int
  /// The newest lease, until its outcome is known.
  public internal(set) var intent: RefreshIntent?
  /// Whether there is a refresh token.
  public internal(set) var isRefreshable: Bool
  /// Whether the refresh token may have been spent by an exchange that nobody saw the end of.
  public internal(set) var mayBeSpent: Bool
  /// Failures since the last success.
  public internal(set) var failures: Int
  /// Before when nobody asks again.
  public internal(set) var retryAt: Timestamp?

  /// The ledger of a credential that its owner just brought.
  ///
  /// - Parameters:
  ///   - previous: The ledger that it replaces; versions and epochs go on from there, so that what is under way for the
  ///     old credential can't touch the new one.
  ///   - isRefreshable: Whether there is a refresh token.
  public init(after previous: RefreshLedger? = nil, isRefreshable: Bool) {
    state = .active
    version = (previous?.version ?? 0) + 1
    epoch = previous?.epoch ?? 0
    self.isRefreshable = isRefreshable
    mayBeSpent = false
    failures = 0
  }

  /// Restores a ledger from a store.
  public init(
    state: ConnectionState, reason: ConnectionReason?, version: Int, epoch: Int, intent: RefreshIntent?,
    isRefreshable: Bool, mayBeSpent: Bool, failures: Int, retryAt: Timestamp?
  ) {
    self.state = state
    self.reason = reason
    self.version = version
    self.epoch = epoch
    self.intent = intent
    self.isRefreshable = isRefreshable
    self.mayBeSpent = mayBeSpent
    self.failures = failures
    self.retryAt = retryAt
  }

  /// The same ledger with a lease number that can't be mistaken for an older one's.
  ///
  /// - Parameter stored: What the store has at the moment of replacing.
  public func continuing(_ stored: RefreshLedger?) -> RefreshLedger {
    var ledger = self
    ledger.epoch = max(epoch, stored?.epoch ?? 0)
    return ledger
  }

  /// Whether a credential may be handed out, as long as it lives.
  public var isUsable: Bool {
    switch state {
    case .active, .refreshing, .error: true
    case .reauthRequired: reason == .scopeMissing || reason == .rejected
    case .revoked: false
    }
  }
}
