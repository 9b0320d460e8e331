import MartletDomain
import Synchronization

/// Counts calls in this process. All of it may be lost: after a restart everybody begins with full buckets.
///
/// A bucket is one number, the time at which it will be full again (the generic cell rate algorithm); one that is full is
/// forgotten.
public final class MemoryCallLimiter: CallLimiter {
  /// How many counts a tenant may have before tools that are called once share one: 50,000.
  public static let countsOfTenant = 50_000

  private struct Tenant {
    /// When each bucket is full again, in nanoseconds.
    var fullAt: [LimitKey: Int64] = [:]
    var running: [LimitKey: Int] = [:]
    var nextSweep = 1024
  }

  private let tenants = Mutex<[TenantID: Tenant]>([:])
  private let time: any PassingTime
  private let capacity: Int

  /// Makes a limiter.
  ///
  /// - Parameters:
  ///   - time: Tells how much time passes.
  ///   - capacity: How many counts a tenant may have.
  public init(time: any PassingTime = SystemPassingTime(), capacity: Int = MemoryCallLimiter.countsOfTenant) {
    self.time = time
    self.capacity = capacity
  }

  /// How many calls go on that have a lease.
  var running: Int { tenants.withLock { $0.values.reduce(0) { $0 + $1.running.values.reduce(0, +) } } }

  /// Takes a call into account.
  public func admit(_ call: LimitedCall, under rules: LimitRules) throws(LimitRefusal) -> CallLease? {
    let now = time.nanoseconds()
    let tenant = call.principal.tenant
    let result = tenants.withLock { tenants in
      // Taken out while it is changed, so that its tables aren't copied.
      var entry = tenants.removeValue(forKey: tenant) ?? Tenant()
      defer { tenants[tenant] = entry }
      return admit(call, rules, now, &entry)
    }
    let keys = try result.get()
    guard !keys.isEmpty else { return nil }
    return CallLease { [weak self] in self?.release(keys, tenant) }
  }

  private func admit(_ call: LimitedCall, _ rules: LimitRules, _ now: Int64, _ tenant: inout Tenant)
    -> Result<[LimitKey], LimitRefusal>
  {
    sweep(&tenant, now)
    let cost = rules.cost(of: call)
    var taken: [(LimitKey, Int64)] = []
    var refusal: LimitRefusal?
    for rate in rules.rates where rate.calls.include(call) && (!rate.isLoopGuard || call.arguments != nil) {
      guard let key = key(rate, call, tenant) else { continue }
      let weight = rate.isLoopGuard ? 1 : Int64(min(cost, rate.burst))
      let empty = now + Int64(rate.burst) * rate.interval
      var used = max(now, tenant.fullAt[key] ?? now)
      if used > empty {
        // The limit was changed: what was used up under the one before makes nobody wait longer than this one does.
        used = empty
        tenant.fullAt[key] = empty
      }
      let fullAt = used + weight * rate.interval
      let wait = fullAt - empty
      if wait > 0 { refusal = Self.later(refusal, rate.refusal(wait)) } else { taken.append((key, fullAt)) }
    }
    var keys: [LimitKey] = []
    for limit in rules.concurrent where limit.calls.include(call) {
      let key = LimitKey(limit.name, limit.dimensions, call, isLoopGuard: false, isWide: false)
      if tenant.running[key, default: 0] >= limit.most { refusal = Self.later(refusal, limit.refusal) }
      keys.append(key)
    }
    if let refusal { return .failure(refusal) }
    for (key, fullAt) in taken { tenant.fullAt[key] = fullAt }
    for key in keys { tenant.running[key, default: 0] += 1 }
    return .success(keys)
  }

  /// Where a tenant has too many counts, further tools share one. Loops are not looked for then: a guess must not stop
  /// anybody.
  private func key(_ rate: RateLimit, _ call: LimitedCall, _ tenant: Tenant) -> LimitKey? {
    let key = LimitKey(rate.name, rate.dimensions, call, isLoopGuard: rate.isLoopGuard, isWide: false)
    if tenant.fullAt.count < capacity || tenant.fullAt[key] != nil { return key }
    if rate.isLoopGuard { return nil }
    return LimitKey(rate.name, rate.dimensions, call, isLoopGuard: false, isWide: true)
  }

  private func sweep(_ tenant: inout Tenant, _ now: Int64) {
    guard tenant.fullAt.count >= tenant.nextSweep else { return }
    tenant.fullAt = tenant.fullAt.filter { $0.value > now }
    tenant.nextSweep = max(1024, tenant.fullAt.count * 2)
  }

  private func release(_ keys: [LimitKey], _ tenant: TenantID) {
    tenants.withLock { tenants in
      for key in keys {
        let left = (tenants[tenant]?.running[key] ?? 0) - 1
        tenants[tenant]?.running[key] = left > 0 ? left : nil
      }
    }
  }

  private static func later(_ left: LimitRefusal?, _ right: LimitRefusal) -> LimitRefusal {
    guard let left, left.retryAfter >= right.retryAfter else { return right }
    return left
  }
}

extension RateLimit {
  fileprivate func refusal(_ wait: Int64) -> LimitRefusal {
    LimitRefusal(
      limit: name, kind: isLoopGuard ? .loop : .rate, quota: quota, window: Int(max(1, window.wholeSeconds)),
      retryAfter: Int((wait + 999_999_999) / 1_000_000_000))
  }
}

extension CallCeiling {
  fileprivate var refusal: LimitRefusal {
    LimitRefusal(limit: name, kind: .concurrency, quota: most, window: 0, retryAfter: 1)
  }
}
