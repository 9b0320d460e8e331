import HTTPWire
import MartletDomain
import MartletProxy
import NIOCore
import StrictCoding
import Synchronization

/// Both planes behind the one listener.
final class Planes: Sendable {
  let gateway: Gateway
  let control: ControlPlane
  let frontDoor: @Sendable () -> FrontDoorSettings
  private let ids: RequestIDs
  private let draining = Atomic<Bool>(false)
  private let unreadable = RecordQuota(limit: FrontDoorLimits.unreadableRecords, window: .seconds(60))

  init(
    gateway: Gateway, control: ControlPlane, random: any RandomSource,
    frontDoor: @escaping @Sendable () -> FrontDoorSettings
  ) {
    self.gateway = gateway
    ids = RequestIDs(random: random)
    self.frontDoor = frontDoor
    self.control = control
  }

  /// Whether the process was told to stop: answers are their connection's last.
  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func drain() { draining.store(true, ordering: .relaxed) }

  /// Writes down that bytes came which are no request. Anybody can send those, so only so many a minute are written;
  /// the last of them says that there may be more.
  func noteUnreadable(address: String, id: RequestID, status: Int, error: WireError) {
    guard let left = unreadable.take(at: .now()) else { return }
    let reason = left > 0 ? "unreadable:\(error.rawValue)" : "unreadable:and_more"
    gateway.noteUnreadable(address: address, id: id, status: status, reason: reason)
  }

  func makeRequestID() -> RequestID { ids.next() }
}
