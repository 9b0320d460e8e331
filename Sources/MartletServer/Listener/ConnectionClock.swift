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
  private let channel: any Channel
  private lazy var alarm = Alarm(eventLoop: channel.eventLoop) { [unowned self] in due() }
  /// Bytes of an answer that is complete which waited for a slow reader when that was last looked at.
  private var waited = 0

  /// - Parameter channel: The connection, which is closed when its time is up.
  init(_ channel: any Channel) { self.channel = channel }

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
    waited = .max
    alarm.set(in: FrontDoorLimits.idle)
  }

  /// The connection is gone.
  func stop() { alarm.cancel() }

  /// A reader that is slow and gets on isn't idle.
  private func due() {
    let waiting = channel.waitingBytes
    guard case .idle = phase, waiting > 0, waited - waiting >= FrontDoorLimits.taken else {
      return channel.close(promise: nil)
    }
    waited = waiting
    alarm.set(in: FrontDoorLimits.idle)
  }
}
