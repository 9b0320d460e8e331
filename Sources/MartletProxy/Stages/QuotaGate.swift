import MCPProtocol
import MartletDomain
import MartletPolicy
import NIOCore

/// Takes calls into account by the day. Hardly any of them waits: the store is asked when a block is used up, and before
/// that beside a call that finds little left.
struct QuotaGate: Sendable {
  /// How often the store is asked for one call: others may be quicker.
  private static let attempts = 5

  let quotas: DailyQuotas

  func pass(_ call: LimitedCall, _ limits: LimitRules, id: JSONRPCID?, on eventLoop: any EventLoop)
    -> Staged<QuotaShare?>
  {
    switch quotas.take(call, under: limits) {
    case .taken(let share):
      if share.runsLow {
        let quotas = self.quotas
        // Nobody waits for it, and where it fails the next call asks again.
        _ = eventLoop.makeFutureWithTask { try? await quotas.fetch(for: call, under: limits, early: true) }
      }
      return .ready(.success(share))
    case .refused(let refusal): return .ready(.failure(.limited(refusal, id: id)))
    case .unknown: return .later(fetch(call, limits, id: id, on: eventLoop))
    }
  }

  private func fetch(_ call: LimitedCall, _ limits: LimitRules, id: JSONRPCID?, on eventLoop: any EventLoop)
    -> EventLoopFuture<Result<QuotaShare?, Rejection>>
  {
    let quotas = self.quotas
    return eventLoop.makeFutureWithTask {
      do throws(StoreError) {
        for _ in 0..<Self.attempts {
          try await quotas.fetch(for: call, under: limits)
          switch quotas.take(call, under: limits) {
          case .taken(let share): return .success(share)
          case .refused(let refusal): return .failure(.limited(refusal, id: id))
          case .unknown: continue
          }
        }
      } catch {}
      return .failure(.temporarilyUnavailable(reason: "quota_store", id: id))
    }
  }
}
