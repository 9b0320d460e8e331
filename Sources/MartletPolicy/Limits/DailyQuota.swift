/// So many calls on one day, in UTC. Counted in the store, so that it outlives processes and is shared by them.
public struct DailyQuota: Sendable {
  /// Its name.
  public let name: String
  /// What is counted apart.
  public let dimensions: Set<LimitDimension>
  /// Which calls count.
  public let calls: LimitedCalls
  /// How many calls the day holds.
  public let most: Int

  /// Describes a quota.
  public init(name: String, dimensions: Set<LimitDimension>, calls: LimitedCalls = .init(), most: Int) {
    self.name = name
    self.dimensions = dimensions
    self.calls = calls
    self.most = max(1, most)
  }

  /// How much a process takes from the store at once: 1 %, at least 10. So much may be lost, unused, when a process is
  /// killed; it is never too much that is let through.
  var block: Int { min(most, max(10, most / 100)) }

  func refusal(retryAfter: Int) -> LimitRefusal {
    LimitRefusal(limit: name, kind: .daily, quota: most, window: 86_400, retryAfter: retryAfter)
  }
}
