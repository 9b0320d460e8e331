import MCPProtocol
import NIOCore

/// Writes a log to the client that reads it, as fast as that client takes it. Used on the client's event loop only.
final class LoggedEvents {
  private let log: EventLogReader
  private let client: any ClientStream
  private let events: ClientEventStream
  private let ended: (EventLog.End) -> Void
  private var isAsking = false
  private var isOver = false

  /// - Parameter ended: Hears how the stream ended, once; not after `stop`.
  init(
    _ log: EventLogReader, to client: any ClientStream, through events: ClientEventStream,
    ended: @escaping (EventLog.End) -> Void
  ) {
    self.log = log
    self.client = client
    self.events = events
    self.ended = ended
  }

  /// Goes on where the client takes more.
  func pull() {
    guard !isOver, !isAsking, client.isWritable else { return }
    isAsking = true
    log.read(on: client.eventLoop) { [self] turn in
      isAsking = false
      guard !isOver else { return }
      switch turn {
      case .events(let bytes):
        events.send(encoded: bytes)
        pull()
      case .over(let end):
        isOver = true
        ended(end)
      }
    }
  }

  /// The client is gone, or gets no more.
  func stop() {
    guard !isOver else { return }
    isOver = true
    log.leave(on: client.eventLoop)
  }
}
