import MartletDomain

/// How one counter slows guesses down: some failures are free, then each doubles the wait up to a ceiling.
public struct ThrottlePace: Hashable, Sendable {
  /// Failures that cost no wait.
  public let free: Int
  /// How many guesses may be checked at the same moment while failures are free; one at a time afterwards.
  public let atOnce: Int
  /// The wait after the first failure that isn't free.
  public let first: Duration
  /// The longest wait.
  public let ceiling: Duration
  /// After so long without a guess the counter is forgotten.
  public let memory: Duration

  /// Describes a pace.
  public init(free: Int, atOnce: Int, first: Duration, ceiling: Duration, memory: Duration) {
    self.free = free
    self.atOnce = atOnce
    self.first = first
    self.ceiling = ceiling
    self.memory = memory
  }

  /// How long the next guess waits after so many failures.
  func wait(after failures: Int) -> Duration {
    guard failures > free else { return .zero }
    let doublings = min(failures - free - 1, 20)
    return min(ceiling, first * (1 << doublings))
  }
}
