/// Keeps programs that wait for their user's decision (RFC 8628).
public protocol DeviceAuthorizationStore: Sendable {
  /// Stores a new one.
  ///
  /// Anybody who knows a client's id can begin one, so there is room for so many undecided ones: where they are too
  /// many, the oldest of the network that has the most of them goes.
  ///
  /// - Parameters:
  ///   - device: What to store.
  ///   - capacity: How many undecided ones are kept.
  /// - Returns: `false` where the user code is taken; nothing was stored then.
  func beginDeviceAuthorization(_ device: DeviceAuthorization, capacity: Int) async throws(StoreError) -> Bool

  /// The undecided one with that user code; `nil` once it was decided or has ended.
  func deviceAuthorization(userCode: ArtefactDigest, at now: Timestamp) async throws(StoreError)
    -> DeviceAuthorization?

  /// Decides exactly once.
  ///
  /// - Returns: `false` where it was decided before, has ended or never was.
  func decideDeviceAuthorization(
    userCode: ArtefactDigest, _ decision: DeviceDecision, at now: Timestamp
  ) async throws(StoreError) -> Bool

  /// Answers a program that asks, and notes when it asked: who asks before the interval is over gets 5 s more.
  ///
  /// - Parameters:
  ///   - digest: The device code.
  ///   - client: Who asks; another client's code is unknown.
  ///   - now: The time.
  func pollDeviceAuthorization(_ digest: ArtefactDigest, by client: ClientID, at now: Timestamp)
    async throws(StoreError) -> DevicePoll

  /// Spends an allowed device code exactly once and begins its family in the same step; a second use revokes the
  /// family.
  func redeemDeviceAuthorization(
    _ digest: ArtefactDigest, beginning family: RefreshFamily, with token: RefreshToken, at now: Timestamp
  ) async throws(StoreError) -> CodeRedemption
}

/// How devices are paced, the same in every store.
public enum DevicePace {
  /// What somebody who asks too early has to wait longer (RFC 8628 §3.5).
  public static let penalty: Duration = .seconds(5)
  /// The longest interval.
  public static let longest: Duration = .seconds(60)
  /// How much earlier than told a question may arrive: networks and timers aren't exact.
  public static let tolerance: Duration = .milliseconds(500)
  /// How long an ended one is remembered, so that its program hears that it has ended.
  public static let memory: Duration = .seconds(600)
}
