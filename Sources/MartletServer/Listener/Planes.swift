import MartletDomain
import MartletProxy
import StrictCoding
import Synchronization

/// Both planes behind the one listener.
final class Planes: Sendable {
  let gateway: Gateway
  let control: @Sendable (EndpointRequest) async -> RenderedResponse
  let frontDoor: @Sendable () -> FrontDoorSettings
  private let ids: RequestIDs
  private let draining = Atomic<Bool>(false)

  init(
    gateway: Gateway, random: any RandomSource, frontDoor: @escaping @Sendable () -> FrontDoorSettings,
    control: @escaping @Sendable (EndpointRequest) async -> RenderedResponse
  ) {
    self.gateway = gateway
    ids = RequestIDs(random: random)
    self.frontDoor = frontDoor
    self.control = control
  }

  /// Whether the process was told to stop: answers are their connection's last.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func drain() { draining.store(true, ordering: .relaxed) }

  func makeRequestID() -> RequestID { ids.next() }
}
