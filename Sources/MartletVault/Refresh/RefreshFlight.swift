import MartletDomain

/// One process's way through one refresh: pure, so that a test can search every order in which things may happen.
///
/// Each event answers the action before it. The order is the point: an intent is durable before the authorization server
/// is asked, new tokens are durable before anybody sees them, and a refusal is believed only of the newest lease on the
/// newest credential (security-checks §4.1).
public struct RefreshFlight<Tokens: Sendable & Hashable>: Sendable, Hashable {
  /// What has to be done next.
  public enum Action: Sendable, Hashable {
    /// Write the intent down.
    case claim(version: Int)
    /// Take the newest tokens that the journal has for this version; where it has none, redeem the refresh token, once.
    case exchange(epoch: Int)
    /// Store the new tokens.
    case commit(Tokens, version: Int, epoch: Int)
    /// The store fails, or another process is at it: keep the tokens, sealed, where this process finds them after a restart.
    case spill(Tokens, version: Int, epoch: Int)
    /// Note how the exchange failed.
    case record(RefreshFailure.Cause, version: Int, epoch: Int)
    /// Wait until somebody else is done, or for so long.
    case wait(until: Timestamp)
    /// Wait before the store is tried again.
    case pause
    /// Nothing more to do.
    case finish(Ending)
  }

  /// How a flight ended.
  public enum Ending: Sendable, Hashable {
    /// The stored credential is another than the one that was found wanting, or needs its owner: read it.
    case settled
    /// Nothing is known but that it didn't work now.
    case unavailable(retryAt: Timestamp?)
  }

  /// What happened.
  public enum Event: Sendable, Hashable {
    /// The store answered the claim.
    case claimed(RefreshClaimOutcome)
    /// The lease ran out before the authorization server was asked.
    case lapsed
    /// The authorization server issued tokens, or the journal had them.
    case issued(Tokens)
    /// The authorization server issued none.
    case notIssued(RefreshFailure.Cause)
    /// The store answered the commit or the record.
    case reported(RefreshReportOutcome)
    /// The store couldn't do it, or nobody knows whether it did.
    case storeFailed
    /// The spill journal has the tokens.
    case spilled
    /// The spill journal fails too.
    case spillFailed
    /// The time waited for has come.
    case woke
  }

  private enum Stage: Hashable {
    case claiming
    case waitingToClaim
    case exchanging(epoch: Int)
    case committing(Tokens, epoch: Int, isSpilled: Bool)
    case spilling(Tokens, epoch: Int)
    case waitingToCommit(Tokens, epoch: Int, isSpilled: Bool)
    case recording(RefreshFailure.Cause, epoch: Int)
    case finished(Ending)
  }

  private let version: Int
  private var stage: Stage

  /// Begins a refresh.
  ///
  /// - Parameter version: The version of the credential that was found wanting.
  /// - Returns: The flight and its first action.
  public static func begin(version: Int) -> (flight: RefreshFlight, action: Action) {
    (RefreshFlight(version: version, stage: .claiming), .claim(version: version))
  }

  /// Goes on with tokens from the spill journal.
  ///
  /// - Returns: The flight and its first action.
  public static func resume(_ tokens: Tokens, version: Int, epoch: Int) -> (flight: RefreshFlight, action: Action) {
    (
      RefreshFlight(version: version, stage: .committing(tokens, epoch: epoch, isSpilled: true)),
      .commit(tokens, version: version, epoch: epoch)
    )
  }

  /// Takes in what happened and says what to do. An event that answers nothing asked ends the flight.
  public mutating func handle(_ event: Event) -> Action {
    switch (stage, event) {
    case (.claiming, .claimed(let outcome)): return afterClaim(outcome)
    case (.claiming, .storeFailed): return finish(.unavailable(retryAt: nil))
    case (.waitingToClaim, .woke): return claimAgain()
    case (.exchanging, .lapsed): return claimAgain()
    case (.exchanging(let epoch), .issued(let tokens)): return commit(tokens, epoch, isSpilled: false)
    case (.exchanging(let epoch), .notIssued(let cause)): return record(cause, epoch)
    case (.committing(let tokens, let epoch, let isSpilled), .reported(let outcome)):
      return afterCommit(outcome, tokens, epoch, isSpilled)
    case (.committing(let tokens, let epoch, let isSpilled), .storeFailed):
      return isSpilled ? pause(tokens, epoch, isSpilled: true) : spill(tokens, epoch)
    case (.spilling(let tokens, let epoch), .spilled): return pause(tokens, epoch, isSpilled: true)
    case (.spilling(let tokens, let epoch), .spillFailed): return pause(tokens, epoch, isSpilled: false)
    case (.waitingToCommit(let tokens, let epoch, let isSpilled), .woke):
      return commit(tokens, epoch, isSpilled: isSpilled)
    case (.recording(let cause, _), .reported(let outcome)): return afterRecord(outcome, cause)
    case (.recording(let cause, _), .storeFailed): return finish(.unavailable(retryAt: cause.retryAt))
    default: return finish(.unavailable(retryAt: nil))
    }
  }

  private mutating func afterClaim(_ outcome: RefreshClaimOutcome) -> Action {
    switch outcome {
    case .claimed(let epoch):
      stage = .exchanging(epoch: epoch)
      return .exchange(epoch: epoch)
    case .held(let end):
      stage = .waitingToClaim
      return .wait(until: end)
    case .resting(let retryAt): return finish(.unavailable(retryAt: retryAt))
    case .superseded, .ended: return finish(.settled)
    }
  }

  private mutating func afterCommit(
    _ outcome: RefreshReportOutcome, _ tokens: Tokens, _ epoch: Int, _ isSpilled: Bool
  ) -> Action {
    switch outcome {
    case .recorded, .superseded: return finish(.settled)
    case .abandoned:
      // Whoever holds the next lease takes the newest tokens from the journal.
      return isSpilled ? claimAgain() : spill(tokens, epoch)
    case .held(let end):
      // They may turn out to be the only ones there are.
      guard isSpilled else { return spill(tokens, epoch) }
      stage = .waitingToCommit(tokens, epoch: epoch, isSpilled: isSpilled)
      return .wait(until: end)
    }
  }

  private mutating func afterRecord(_ outcome: RefreshReportOutcome, _ cause: RefreshFailure.Cause) -> Action {
    switch outcome {
    case .recorded:
      if case .refused = cause { return finish(.settled) }
      return finish(.unavailable(retryAt: cause.retryAt))
    case .superseded: return finish(.settled)
    case .abandoned: return claimAgain()
    case .held(let end):
      stage = .waitingToClaim
      return .wait(until: end)
    }
  }

  private mutating func claimAgain() -> Action {
    stage = .claiming
    return .claim(version: version)
  }

  private mutating func commit(_ tokens: Tokens, _ epoch: Int, isSpilled: Bool) -> Action {
    stage = .committing(tokens, epoch: epoch, isSpilled: isSpilled)
    return .commit(tokens, version: version, epoch: epoch)
  }

  private mutating func spill(_ tokens: Tokens, _ epoch: Int) -> Action {
    stage = .spilling(tokens, epoch: epoch)
    return .spill(tokens, version: version, epoch: epoch)
  }

  private mutating func pause(_ tokens: Tokens, _ epoch: Int, isSpilled: Bool) -> Action {
    stage = .waitingToCommit(tokens, epoch: epoch, isSpilled: isSpilled)
    return .pause
  }

  private mutating func record(_ cause: RefreshFailure.Cause, _ epoch: Int) -> Action {
    stage = .recording(cause, epoch: epoch)
    return .record(cause, version: version, epoch: epoch)
  }

  private mutating func finish(_ ending: Ending) -> Action {
    stage = .finished(ending)
    return .finish(ending)
  }
}

extension RefreshFailure.Cause {
  /// When to try again, where that helps.
  var retryAt: Timestamp? {
    if case .passing(_, _, let retryAt) = self { return retryAt }
    return nil
  }
}
