import NIOCore

/// A reader's hold on a log, which may be kept on another event loop.
struct EventLogReader: Sendable {
  private let log: NIOLoopBound<EventLog>
  private let eventLoop: any EventLoop
  private let token: Int

  /// Call it on the log's event loop.
  init(_ log: EventLog, token: Int, on eventLoop: any EventLoop) {
    self.log = NIOLoopBound(log, eventLoop: eventLoop)
    self.token = token
    self.eventLoop = eventLoop
  }

  /// Takes what follows.
  ///
  /// - Parameters:
  ///   - here: The event loop of the caller.
  ///   - take: Gets one turn, there.
  func read(on here: any EventLoop, _ take: @escaping (EventLog.Turn) -> Void) {
    if here === eventLoop { return log.value.read(token, take) }
    let bound = NIOLoopBound(take, eventLoop: here)
    eventLoop.execute {
      log.value.read(token) { turn in here.execute { bound.value(turn) } }
    }
  }

  /// Reads no more; the log waits for its client to come back.
  func leave(on here: any EventLoop) {
    if here === eventLoop { return log.value.leave(token) }
    eventLoop.execute { log.value.leave(token) }
  }
}
