extension RefreshLedger {
  /// Writes down that a process is about to redeem the refresh token, unless another is.
  ///
  /// A lease that lapsed without a report is taken over: the token is tried once more, since many authorization servers
  /// forgive a repetition.
  public mutating func claim(_ claim: RefreshClaim) -> RefreshClaimOutcome {
    guard version == claim.version else { return .superseded }
    guard isUsable, isRefreshable else { return .ended }
    if let intent, intent.leaseUntil > claim.now { return .held(until: intent.leaseUntil) }
    if let retryAt, retryAt > claim.now { return .resting(until: retryAt) }
    if intent != nil { mayBeSpent = true }
    epoch += 1
    intent = RefreshIntent(
      node: claim.node, epoch: epoch, startedAt: claim.now, leaseUntil: claim.now + claim.lease)
    if reason != .scopeMissing { state = .refreshing }
    return .claimed(epoch: epoch)
  }

  /// Moves the end of a lease, as long as nobody took over.
  ///
  /// - Returns: Whether it still is the caller's.
  public mutating func renew(epoch: Int, until end: Timestamp) -> Bool {
    guard intent?.epoch == epoch, let current = intent?.leaseUntil else { return false }
    intent?.leaseUntil = max(current, end)
    return true
  }

  /// Takes in new tokens.
  ///
  /// Accepted as long as the credential still is the one that was redeemed and no newer lease is without a report:
  /// tokens that arrive after their lease lapsed, even after another process was refused, are the newest that exist.
  public mutating func commit(_ success: RefreshSuccess) -> RefreshReportOutcome {
    guard version == success.version, state != .revoked else { return .superseded }
    if let intent, intent.epoch != success.epoch {
      return intent.leaseUntil > success.now ? .held(until: intent.leaseUntil) : .abandoned
    }
    version += 1
    isRefreshable = success.isRefreshable
    forgetTrouble()
    if reason != .scopeMissing { (state, reason) = (.active, nil) }
    return .recorded
  }

  /// Notes that an exchange brought no tokens. Only the newest lease is believed: a refusal that an older one met may
  /// be the doing of the newer.
  public mutating func record(_ failure: RefreshFailure) -> RefreshReportOutcome {
    guard version == failure.version, isUsable else { return .superseded }
    guard let intent else { return .abandoned }
    guard intent.epoch == failure.epoch else {
      return intent.leaseUntil > failure.now ? .held(until: intent.leaseUntil) : .abandoned
    }
    self.intent = nil
    switch failure.cause {
    case .refused:
      reason = mayBeSpent ? .interrupted : .refused
      state = .reauthRequired
    case .passing(let reason, let mayBeSpent, let retryAt):
      failures += 1
      self.retryAt = retryAt
      self.mayBeSpent = self.mayBeSpent || mayBeSpent
      if self.reason != .scopeMissing { (state, self.reason) = (.error, reason) }
    }
    return .recorded
  }

  /// Takes the connection away. What is under way for it finds another version.
  ///
  /// - Returns: Whether there was something to take.
  public mutating func revoke(because reason: ConnectionReason) -> Bool {
    guard state != .revoked else { return false }
    version += 1
    isRefreshable = false
    forgetTrouble()
    (state, self.reason) = (.revoked, reason)
    return true
  }

  /// Notes that only the owner can help, where the credential still is the one that was found wanting.
  ///
  /// - Returns: Whether it was noted.
  public mutating func requireReauthorization(version: Int, because reason: ConnectionReason) -> Bool {
    guard self.version == version, state != .revoked else { return false }
    (state, self.reason) = (.reauthRequired, reason)
    return true
  }

  /// Notes that the server takes a credential again that it refused before.
  ///
  /// - Returns: Whether there was something to note.
  public mutating func accept(version: Int) -> Bool {
    guard self.version == version, state == .reauthRequired, reason == .rejected else { return false }
    (state, reason) = (.active, nil)
    return true
  }

  private mutating func forgetTrouble() {
    intent = nil
    mayBeSpent = false
    failures = 0
    retryAt = nil
  }
}
