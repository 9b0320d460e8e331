/// The numbers of `LoginThrottle`.
public struct ThrottleLimits: Hashable, Sendable {
  /// One account guessed from one network by browsers that never logged in to it: 5 failures are free, 16 guesses may
  /// be under way at once, then 2 s doubling to 5 min; forgotten after 15 min.
  public var accountFromNetwork = ThrottlePace(
    free: 5, atOnce: 16, first: .seconds(2), ceiling: .seconds(300), memory: .seconds(900))
  /// Whatever one network guesses: 30 failures are free, 64 guesses may be under way at once, then 1 s doubling to 60
  /// s; forgotten after 15 min.
  public var network = ThrottlePace(
    free: 30, atOnce: 64, first: .seconds(1), ceiling: .seconds(60), memory: .seconds(900))
  /// A browser that logged in to the account before: 5 failures are free, 16 guesses may be under way at once, then 2 s
  /// doubling to 5 min; forgotten after 15 min.
  public var knownBrowser = ThrottlePace(
    free: 5, atOnce: 16, first: .seconds(2), ceiling: .seconds(300), memory: .seconds(900))
  /// An account with more failures than this in all, from wherever, is under attack.
  public var accountFailures = 50
  /// How long after its last failure an account is under attack.
  public var accountMemory: Duration = .seconds(3600)
  /// While an account is under attack, each network waits 30 s, doubling to 5 min, after each of its own failures, none
  /// of them free.
  public var underAttack = ThrottlePace(
    free: 0, atOnce: 2, first: .seconds(30), ceiling: .seconds(300), memory: .seconds(900))
  /// How long a browser is known after it last logged in.
  public var knownBrowserMemory: Duration = .seconds(90 * 86_400)
  /// How many counters of each kind, and how many known browsers, are kept; the oldest go first.
  public var capacity = 10_000

  /// The recommended values.
  public init() {}
}
