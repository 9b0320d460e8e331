import MartletProxy
import NIOCore

/// Ends connections that don't get on: a head that dribbles in, or nobody at the other end.
final class ConnectionClock {
  private enum Phase {
    case idle
    case readingHead
    case exchange
  }

  private var phase = Phase.idle
  private let alarm: Alarm

  /// - Parameter onDue: Closes the connection.
  init(eventLoop: any EventLoop, onDue: @escaping () -> Void) { alarm = Alarm(eventLoop: eventLoop, action: onDue) }

  /// The connection is there, and should say something.
  func opened() { alarm.set(in: FrontDoorLimits.head) }

  /// Part of a head is there.
  func headBegan() {
    guard case .idle = phase else { return }
    phase = .readingHead
    alarm.set(in: FrontDoorLimits.head)
  }

  /// The head is complete: from here the exchange has its own limits.
  func headArrived() {
    phase = .exchange
    alarm.stop()
  }

  /// The answer is complete; another request may come.
  func exchangeEnded() {
    phase = .idle
    alarm.set(in: FrontDoorLimits.idle)
  }

  /// The connection is gone.
  func stop() { alarm.cancel() }
}
