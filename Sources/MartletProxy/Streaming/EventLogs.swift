import MCPProtocol
import MartletDomain
import NIOCore

/// The logs of one event loop, bounded in bytes, number and time. Used on that loop only.
final class EventLogs {
  private struct Ended {
    weak var log: EventLog?
    let at: NIODeadline
  }

  let eventLoop: any EventLoop
  let ids: EventIDs
  private let index: Int
  private let limit: Int
  private var size = 0
  private var bySession: [ArtefactDigest: [EventLog]] = [:]
  private var endedLogs = CircularBuffer<Ended>()

  init(eventLoop: any EventLoop, index: Int, ids: EventIDs, limit: Int) {
    self.eventLoop = eventLoop
    self.index = index
    self.ids = ids
    self.limit = limit
  }

  /// Begins a log.
  ///
  /// - Parameters:
  ///   - kind: What the stream is for.
  ///   - session: Whose it is.
  ///   - request: The call that it answers.
  ///   - point: Where a stream goes on that another process began.
  func begin(
    _ kind: StreamName.Kind, of session: MCPSession, answering request: JSONRPCID? = nil, after point: EventPoint? = nil
  ) -> EventLog {
    let log = EventLog(
      StreamName(kind, loop: index), of: session, answering: request, after: point?.sequence ?? 0, in: self)
    var logs = bySession[session.digest] ?? []
    if logs.count >= GatewayLimits.loggedStreams, let oldest = logs.firstIndex(where: { $0.end != nil }) {
      drop(logs.remove(at: oldest))
    }
    logs.append(log)
    bySession[session.digest] = logs
    return log
  }

  func log(_ name: StreamName, of session: ArtefactDigest) -> EventLog? {
    bySession[session]?.first { $0.name == name }
  }

  /// A log grew or shrank; where all of them are too large together, the oldest that ended go.
  func changed(by bytes: Int, _ log: EventLog) {
    guard log.isKept else { return }
    size += bytes
    while size > limit, let oldest = endedLogs.popFirst() { oldest.log.map(forget) }
    if size > limit, bytes > 0 { log.trim(to: 0) }
  }

  func ended(_ log: EventLog) { endedLogs.append(Ended(log: log, at: .now())) }

  /// Ends and forgets what a session had.
  func forget(_ session: ArtefactDigest) {
    for log in bySession.removeValue(forKey: session) ?? [] {
      log.producer?.sessionEnded()
      drop(log)
    }
  }

  /// Forgets what is too old.
  func sweep() {
    let oldest = NIODeadline.now() - GatewayLimits.resumption
    while let first = endedLogs.first, first.log == nil || first.at < oldest {
      endedLogs.removeFirst()
      first.log.map(forget)
    }
  }

  private func forget(_ log: EventLog) {
    let session = log.session.digest
    guard let position = bySession[session]?.firstIndex(where: { $0 === log }) else { return }
    bySession[session]?.remove(at: position)
    if bySession[session]?.isEmpty == true { bySession[session] = nil }
    drop(log)
  }

  private func drop(_ log: EventLog) {
    log.isKept = false
    size -= log.size
  }
}
