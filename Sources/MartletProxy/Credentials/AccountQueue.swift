import NIOCore
import NIOPosix

/// Requests with credentials of one event loop: so many are under way at one server at once, the others stand in line.
///
/// Thousands of calls that waited for one refresh go on at the same moment; a server's queue of new connections is
/// shorter than that. Used on its event loop only.
final class AccountQueue: @unchecked Sendable {  // Each thread finds its own queue and never another's.
  private struct Lane {
    var active = 0
    var waiting = CircularBuffer<() -> Bool>()

    var isIdle: Bool { active == 0 && waiting.isEmpty }
  }

  private static let ofThread = ThreadSpecificVariable<AccountQueue>()

  private let eventLoop: any EventLoop
  private let places: Int
  private var lanes: [UpstreamDestination: Lane] = [:]

  private init(eventLoop: any EventLoop, places: Int) {
    self.eventLoop = eventLoop
    self.places = places
  }

  /// The queue of an event loop. Call it on that event loop.
  static func of(_ eventLoop: any EventLoop, places: Int) -> AccountQueue {
    if let known = ofThread.currentValue, known.eventLoop === eventLoop { return known }
    let queue = AccountQueue(eventLoop: eventLoop, places: places)
    ofThread.currentValue = queue
    return queue
  }

  /// Takes a place at a server, now or when one comes free. Whoever took it has to leave.
  ///
  /// - Parameter turn: Goes on; answers whether it took the place, since it may not be wanted any more.
  func enter(_ destination: UpstreamDestination, _ turn: @escaping () -> Bool) {
    guard lanes[destination, default: Lane()].active < places else {
      lanes[destination]?.waiting.append(turn)
      return
    }
    lanes[destination, default: Lane()].active += 1
    if !turn() { leave(destination) }
  }

  /// Gives a place back; whoever has waited longest gets it, once what is at hand is done.
  func leave(_ destination: UpstreamDestination) {
    lanes[destination]?.active -= 1
    guard let lane = lanes[destination] else { return }
    if lane.isIdle {
      lanes[destination] = nil
    } else if !lane.waiting.isEmpty {
      eventLoop.assumeIsolated().execute { self.handOn(destination) }
    }
  }

  private func handOn(_ destination: UpstreamDestination) {
    while let active = lanes[destination]?.active, active < places, let turn = lanes[destination]?.waiting.popFirst() {
      lanes[destination]?.active += 1
      if !turn() { lanes[destination]?.active -= 1 }
    }
    if lanes[destination]?.isIdle == true { lanes[destination] = nil }
  }
}
