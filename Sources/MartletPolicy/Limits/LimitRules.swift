/// The limits of one configuration: an immutable value that a snapshot holds.
public struct LimitRules: Sendable {
  /// A call that counts for more than one.
  public struct Cost: Sendable {
    /// Which calls.
    public let calls: LimitedCalls
    /// For how many they count.
    public let amount: Int

    /// Describes a cost.
    public init(calls: LimitedCalls, amount: Int) {
      self.calls = calls
      self.amount = max(1, amount)
    }
  }

  /// Calls in time.
  public let rates: [RateLimit]
  /// Calls at the same time.
  public let concurrent: [CallCeiling]
  /// Calls by the day.
  public let daily: [CallCeiling]
  /// What counts for more.
  public let costs: [Cost]
  /// Whether the arguments of calls matter.
  public let findsLoops: Bool

  /// Collects limits.
  public init(
    rates: [RateLimit], concurrent: [CallCeiling] = [], daily: [CallCeiling] = [], costs: [Cost] = []
  ) {
    self.daily = daily
    self.rates = rates
    self.concurrent = concurrent
    self.costs = costs
    findsLoops = rates.contains(where: \.isLoopGuard)
  }

  /// For how many a call counts: the most that is written about it.
  func cost(of call: LimitedCall) -> Int {
    costs.reduce(1) { most, cost in cost.amount > most && cost.calls.include(call) ? cost.amount : most }
  }
}
