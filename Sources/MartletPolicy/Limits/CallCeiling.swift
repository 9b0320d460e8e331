/// So many calls and no more: at the same time, or on one day in UTC.
public struct CallCeiling: Sendable {
  /// Its name.
  public let name: String
  /// What is counted apart.
  public let dimensions: Set<LimitDimension>
  /// Which calls count.
  public let calls: LimitedCalls
  /// How many.
  public let most: Int

  /// Describes a limit.
  public init(name: String, dimensions: Set<LimitDimension>, calls: LimitedCalls = .init(), most: Int) {
    self.name = name
    self.dimensions = dimensions
    self.calls = calls
    self.most = max(1, most)
  }
}

/// By the day it is counted in the store, so that it outlives processes and is shared by them.
extension CallCeiling {
  /// How much a process takes from the store at once: 1 %, at least 10. So much may be lost, unused, when a process is
  /// killed; it is never too much that is let through.
  var block: Int { min(most, max(10, most / 100)) }

  func dailyRefusal(retryAfter: Int) -> LimitRefusal {
    LimitRefusal(limit: name, kind: .daily, quota: most, window: 86_400, retryAfter: retryAfter)
  }
}
