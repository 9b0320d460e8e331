import MartletDomain
import StrictCoding
import Synchronization

/// Counts calls by the day. A process takes a block of each quota from the store and uses it up on its own, so that hardly
/// a call waits for the store; what it doesn't use it hands back when it stops, or when nobody calls for a while.
public final class DailyQuotas: Sendable {
  private struct Balance {
    /// Its name in the store.
    let stored: QuotaKey
    var left = 0
    /// Until when nothing more is to be had of the store.
    var emptyUntil: Timestamp?
    var usedAt: Timestamp
    var isFetching = false
    var waiting: [CheckedContinuation<Void, Never>] = []

    mutating func use(_ weight: Int, at now: Timestamp) {
      left -= weight
      usedAt = now
    }
  }

  /// How soon a used-up quota is asked for again: other processes may hand something back.
  static let patience = Duration.seconds(10)
  /// After what time without a call the rest is handed back.
  static let idle = Duration.seconds(30)
  /// How many counts a process keeps apart; beyond that, tools of one caller share one.
  static let counts = 50_000

  private let store: any QuotaStore
  private let clock: any WallClock
  private let balances = Mutex<[QuotaCount: Balance]>([:])

  /// Counts in a store.
  public init(store: any QuotaStore, clock: any WallClock) {
    self.store = store
    self.clock = clock
  }

  /// Takes a call into account under all quotas at once, or none, without waiting.
  public func take(_ call: LimitedCall, under rules: LimitRules) -> QuotaFinding {
    let now = clock.now()
    let cost = rules.cost(of: call)
    return balances.withLock { balances in
      var parts: [(count: QuotaCount, weight: Int)] = []
      var runsLow = false
      for quota in rules.daily where quota.calls.include(call) {
        let count = Self.count(quota, call, now, isWide: balances.count >= Self.counts)
        let weight = min(cost, quota.most)
        guard let balance = balances[count] else { return .unknown }
        guard balance.left >= weight else {
          guard let until = balance.emptyUntil, until > now else { return .unknown }
          return .refused(quota.dailyRefusal(retryAfter: QuotaDay.secondsLeft(at: now)))
        }
        parts.append((count, weight))
        runsLow =
          runsLow || (balance.left - weight < quota.block / 2 && !balance.isFetching && balance.emptyUntil == nil)
      }
      for (count, weight) in parts { balances[count]?.use(weight, at: now) }
      return .taken(QuotaShare(parts: parts, runsLow: runsLow))
    }
  }

  /// Takes back what a call didn't use after all.
  public func giveBack(_ share: QuotaShare) {
    balances.withLock { balances in
      for (count, weight) in share.parts { balances[count]?.left += weight }
    }
  }

  /// Asks the store for what a call needs; of many at once, one asks.
  ///
  /// - Parameter isEarly: Whether to ask where there is still something, but not much.
  public func fetch(for call: LimitedCall, under rules: LimitRules, early isEarly: Bool = false)
    async throws(StoreError)
  {
    let now = clock.now()
    for quota in rules.daily where quota.calls.include(call) {
      let isFull = balances.withLock { $0.count >= Self.counts }
      let count = Self.count(quota, call, now, isWide: isFull)
      let weight = min(rules.cost(of: call), quota.most)
      try await fetch(count, quota, enough: isEarly ? quota.block / 2 : weight, wanted: max(quota.block, weight))
    }
  }

  private func fetch(_ count: QuotaCount, _ quota: CallCeiling, enough: Int, wanted: Int) async throws(StoreError) {
    let now = clock.now()
    let key = count.stored(quota.name)
    let isOurs = balances.withLock { balances -> Bool? in
      var balance = balances[count] ?? Balance(stored: key, usedAt: now)
      guard balance.left < enough, balance.emptyUntil.map({ $0 <= now }) ?? true else { return nil }
      if balance.isFetching { return false }
      balance.isFetching = true
      balances[count] = balance
      return true
    }
    guard let isOurs else { return }
    guard isOurs else { return await wait(for: count) }
    let part: Result<Int, StoreError>
    do throws(StoreError) {
      part = .success(try await store.takeQuota(key, wanted: wanted, of: quota.most))
    } catch { part = .failure(error) }
    fetched(part, count, key, wanted: wanted)
    _ = try part.get()
  }

  private func fetched(_ part: Result<Int, StoreError>, _ count: QuotaCount, _ key: QuotaKey, wanted: Int) {
    let now = clock.now()
    let waiting = balances.withLock { balances in
      var balance = balances[count] ?? Balance(stored: key, usedAt: now)
      defer { balances[count] = balance }
      if case .success(let part) = part {
        balance.left += part
        balance.emptyUntil = part < wanted ? now + Self.patience : nil
      }
      balance.isFetching = false
      defer { balance.waiting = [] }
      return balance.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  private func wait(for count: QuotaCount) async {
    await withCheckedContinuation { continuation in
      let isOver = balances.withLock { balances in
        guard balances[count]?.isFetching ?? false else { return true }
        balances[count]?.waiting.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }

  /// Hands back what nobody has used for a while, or everything where the process stops.
  public func handBack(all isAll: Bool = false) async throws(StoreError) {
    let now = clock.now()
    let unused = balances.withLock { balances in
      var unused: [QuotaKey: Int] = [:]
      for (count, balance) in balances where !balance.isFetching {
        guard isAll || balance.usedAt + Self.idle <= now || count.day != QuotaDay.number(of: now) else { continue }
        if balance.left > 0 { unused[balance.stored] = balance.left }
        balances[count] = nil
      }
      return unused
    }
    if !unused.isEmpty { try await store.returnQuota(unused) }
  }

  private static func count(_ quota: CallCeiling, _ call: LimitedCall, _ now: Timestamp, isWide: Bool) -> QuotaCount {
    QuotaCount(
      tenant: call.principal.tenant, day: QuotaDay.number(of: now),
      key: LimitKey(quota.name, quota.dimensions, call, isLoopGuard: false, isWide: isWide))
  }
}
