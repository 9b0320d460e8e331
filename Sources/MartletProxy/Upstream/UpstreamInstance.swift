import NIOCore
import OAuthProtocol
import Synchronization

/// One instance of a server: where it is, what is under way there, and whether it can be relied on. It outlives the
/// configuration snapshots that name it.
public final class UpstreamInstance: Sendable {
  let endpoint: UpstreamEndpoint
  private let underWay = Atomic<Int>(0)
  private let troubled = Atomic<Bool>(false)
  private let health = Mutex(InstanceHealth())

  init(url: AbsoluteURL) { endpoint = UpstreamEndpoint(url) }

  var url: AbsoluteURL { endpoint.url }

  /// How many requests wait for it or are answered by it.
  var load: Int { underWay.load(ordering: .relaxed) }

  func began() { underWay.add(1, ordering: .relaxed) }

  func ended() { underWay.subtract(1, ordering: .relaxed) }

  /// Why it is left out; `nil` where it isn't.
  var ejectedFor: InstanceHealth.Fault? {
    troubled.load(ordering: .relaxed) ? health.withLock { $0.ejectedFor } : nil
  }

  func succeeded() {
    guard troubled.load(ordering: .relaxed) else { return }
    change { $0.succeeded() }
  }

  /// - Returns: When it should be asked again, where this leaves it out.
  func failed(_ fault: InstanceHealth.Fault) -> TimeAmount? {
    change { $0.failed(fault, jitter: .random(in: 0...40)) }
  }

  /// - Returns: When it should be asked once more.
  func stillFails() -> TimeAmount { change { $0.stillFails(jitter: .random(in: 0...40)) } }

  private func change<Result>(_ body: (inout InstanceHealth) -> Result) -> Result {
    health.withLock { health in
      defer { troubled.store(health.isTroubled, ordering: .relaxed) }
      return body(&health)
    }
  }
}
