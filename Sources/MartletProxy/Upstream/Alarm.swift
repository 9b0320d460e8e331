import NIOCore

/// One deadline of a connection, which moves with every message and is seldom reached. Moving it costs no timer: one
/// that goes off too early is set again. Used on its event loop only.
public final class Alarm {
  private let eventLoop: any EventLoop
  private let action: () -> Void
  private var due: NIODeadline?
  private var timer: Scheduled<Void>?
  private var timerDue = NIODeadline.distantFuture

  /// Makes an alarm that isn't set.
  ///
  /// - Parameters:
  ///   - eventLoop: Where it is used and goes off.
  ///   - action: What happens when the deadline is reached; after that the alarm isn't set.
  public init(eventLoop: any EventLoop, action: @escaping () -> Void) {
    self.eventLoop = eventLoop
    self.action = action
  }

  /// Moves the deadline.
  public func set(in limit: TimeAmount) {
    let due = eventLoop.now + limit
    self.due = due
    if timer == nil || due < timerDue { schedule(due) }
  }

  /// There is no deadline for now.
  public func stop() { due = nil }

  /// There is no deadline any more.
  public func cancel() {
    due = nil
    timer?.cancel()
    timer = nil
  }

  private func schedule(_ deadline: NIODeadline) {
    timer?.cancel()
    timerDue = deadline
    timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in self?.goOff() }
  }

  private func goOff() {
    timer = nil
    guard let due else { return }
    if due > eventLoop.now { return schedule(due) }
    self.due = nil
    action()
  }
}
