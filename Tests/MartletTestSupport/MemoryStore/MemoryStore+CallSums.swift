import MartletDomain

extension MemoryStore {
  /// See `CallSumStore`.
  public static let mostCallKeys = 1_000

  /// See `CallSumStore`.
  public func callSums(_ query: CallSumQuery) async throws(StoreError) -> [CallSum] {
    try access { state in
      var grouped: [CallSum] = []
      for sum in state.callSums where sum.start >= query.since && sum.start < query.until {
        guard query.tenant.map({ $0 == sum.key.tenant }) ?? true else { continue }
        var shown = sum
        shown.key = sum.key.seen(by: query.dimensions)
        shown.start = query.step.map { sum.start.rounded(to: $0) } ?? query.since
        grouped.merge(shown)
      }
      let sorted = grouped.sorted { ($0.start, $1.calls) < ($1.start, $0.calls) }
      return Array(sorted.dropFirst(query.skipped).prefix(max(0, query.limit)))
    }
  }

  /// See `CallSumStore`.
  public func accessUses(tenant: TenantID?) async throws(StoreError) -> [AccessUse: Timestamp] {
    try access { $0.accessUses.filter { use, _ in tenant.map { $0 == use.tenant } ?? true } }
  }

  /// See `CallSumStore`.
  public func foldCallSums(before time: Timestamp, removingBefore end: Timestamp) async throws(StoreError) {
    try access { state in
      let whole = time.rounded(to: .seconds(3600))
      var sums: [CallSum] = []
      for var sum in state.callSums where sum.start >= end {
        if sum.start < whole { sum.start = sum.start.rounded(to: .seconds(3600)) }
        sums.merge(sum)
      }
      state.callSums = sums
      state.accessUses = state.accessUses.filter { $0.value >= end }
    }
  }
}

extension MemoryStoreState {
  mutating func add(_ tally: CallTally) {
    for var sum in tally.sums {
      let keys = callSums.filter { $0.start == sum.start && $0.key.tenant == sum.key.tenant }.map(\.key)
      if !keys.contains(sum.key), keys.count >= MemoryStore.mostCallKeys { sum.key = sum.key.folded }
      callSums.merge(sum)
    }
    for (use, time) in tally.uses where accessUses[use].map({ time >= $0 + AccessUse.grain }) ?? true {
      accessUses[use] = time
    }
  }
}

extension [CallSum] {
  fileprivate mutating func merge(_ sum: CallSum) {
    if let index = firstIndex(where: { $0.start == sum.start && $0.key == sum.key }) {
      self[index].add(sum)
    } else {
      append(sum)
    }
  }
}

extension CallKey {
  fileprivate func seen(by dimensions: Set<CallSumQuery.Dimension>) -> CallKey {
    CallKey(
      tenant: dimensions.contains(.tenant) ? tenant : "", route: dimensions.contains(.server) ? route : "",
      tool: dimensions.contains(.tool) ? tool : "", client: dimensions.contains(.client) ? client : "")
  }
}

extension Timestamp {
  fileprivate func rounded(to step: Duration) -> Timestamp {
    Timestamp(milliseconds: milliseconds - milliseconds % step.milliseconds)
  }
}
