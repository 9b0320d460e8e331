import MCPProtocol
import MartletDomain
import NIOCore

/// Whoever fills a log. Used on its event loop only.
protocol EventProducer: AnyObject {
  /// Stops or goes on reading from the upstream, so that a slow client slows it down.
  func setReading(_ reading: Bool)

  /// Nobody reads any more; the client may come back.
  func readerLeft()

  /// Somebody reads.
  func readerCame(_ principal: Principal)

  /// The session is over, and what is said in it with it (V-041).
  func sessionEnded()
}

/// What one stream of a legacy session said lately, under event ids of our own. It is the queue between an upstream and
/// the client that reads now, and what a client that was cut off comes back to. Used on its event loop only.
final class EventLog {
  /// How a stream ended.
  enum End: Sendable, Equatable {
    /// As it should; the reason is for the trail.
    case complete(String?)
    /// In the middle: the client must not take it for whole.
    case cut(String)
  }

  /// What a reader gets.
  enum Turn: Sendable {
    case events(ByteBuffer)
    case over(End)
  }

  private struct Entry {
    let sequence: Int
    let bytes: [UInt8]
  }

  private struct Reader {
    let token: Int
    var cursor: Int
    /// The bytes behind the cursor.
    var unread: Int
    var waiting: ((Turn) -> Void)?
  }

  let name: StreamName
  private(set) var session: MCPSession
  /// The call that the stream answers.
  let request: JSONRPCID?
  /// Whether a client can still come back to it.
  var isKept = true
  /// Whether the server closed the stream before the response and expects to be asked for the rest (2025-11-25,
  /// Transports, Sending Messages to the Server).
  var isUnfinished = false
  weak var producer: (any EventProducer)?
  private(set) var end: End?
  private(set) var size = 0
  private var entries = CircularBuffer<Entry>(initialCapacity: 2)
  private var last: Int
  /// The last event that a client can come back by.
  private var lastIdentified: Int
  private var reader: Reader?
  private var tokens = 0
  private var isReading = true
  private let eventLoop: any EventLoop
  private unowned let logs: EventLogs

  /// - Parameter start: The sequence number that the stream begins after.
  init(_ name: StreamName, of session: MCPSession, answering request: JSONRPCID?, after start: Int, in logs: EventLogs)
  {
    self.name = name
    self.session = session
    self.request = request
    self.logs = logs
    last = start
    lastIdentified = start
    eventLoop = logs.eventLoop
  }

  /// Whether everything after an event is still here.
  func keeps(after sequence: Int) -> Bool {
    sequence <= last && sequence + 1 >= (entries.first?.sequence ?? last + 1)
  }

  /// Whether whoever comes back with this event has everything that is here, and the server has more: of a call that it
  /// did not answer yet, and of its own stream, which it may close at any time, unless its client opened another.
  func isExhausted(after sequence: Int) -> Bool {
    guard let end, sequence >= lastIdentified else { return false }
    return isUnfinished || (name.kind == .standing && end != .complete("replaced"))
  }

  // MARK: - Filling

  /// The events that follow come from another session of the upstream.
  func sessionMoved(to session: MCPSession) { self.session = session }

  /// Says a first event without content, by which a client can come back that was cut off before anything else (2025-11-25
  /// Basic, Transports, Resumability). Older clients would read it as a message.
  func prime() {
    if session.revision >= .v20251125 { append([SSEEvent(data: [])]) }
  }

  func append(_ events: [SSEEvent]) {
    guard end == nil else { return }
    for var event in events where !event.isEmpty {
      // Many readers hear of an id with data only, were it empty (see `prime`).
      if event.id != nil, event.data == nil, session.revision >= .v20251125 { event.data = [] }
      last += 1
      if event.data != nil {
        lastIdentified = last
        event.id = logs.ids.encode(
          EventPoint(stream: name, sequence: last, request: request, upstreamID: Self.usable(event.id)), of: session)
      } else {
        event.id = nil
      }
      let bytes = event.encoded()
      entries.append(Entry(sequence: last, bytes: bytes))
      size += bytes.count
      reader?.unread += bytes.count
      logs.changed(by: bytes.count, self)
    }
    trim(to: GatewayLimits.loggedStream)
    pump()
  }

  /// Nothing follows.
  func finish(_ end: End) {
    guard self.end == nil else { return }
    self.end = end
    logs.ended(self)
    pump()
  }

  /// Forgets the oldest events that nobody waits for.
  func trim(to limit: Int) {
    while size > limit, entries.count > 1, let first = entries.first, first.sequence <= reader?.cursor ?? .max {
      entries.removeFirst()
      size -= first.bytes.count
      logs.changed(by: -first.bytes.count, self)
    }
  }

  // MARK: - Reading

  /// Begins to read; whoever read before stops.
  func attach(after sequence: Int, for principal: Principal) -> EventLogReader {
    let former = reader?.waiting
    tokens += 1
    reader = Reader(token: tokens, cursor: sequence, unread: rest(after: sequence).reduce(0) { $0 + $1.bytes.count })
    producer?.readerCame(principal)
    former?(.over(.complete("replaced")))
    return EventLogReader(self, token: tokens, on: eventLoop)
  }

  /// Takes what follows, at once or when it comes; the next turn has to be asked for.
  func read(_ token: Int, _ take: @escaping (Turn) -> Void) {
    guard reader?.token == token else { return take(.over(.complete("replaced"))) }
    reader?.waiting = take
    pump()
  }

  func leave(_ token: Int) {
    guard reader?.token == token else { return }
    reader = nil
    trim(to: GatewayLimits.loggedStream)
    regulate()
    producer?.readerLeft()
  }

  private func rest(after sequence: Int) -> CircularBuffer<Entry>.SubSequence {
    guard let first = entries.first?.sequence else { return entries[...] }
    return entries.dropFirst(max(0, sequence + 1 - first))
  }

  private func pump() {
    defer { regulate() }
    guard let reader, let take = reader.waiting else { return }
    var buffer = ByteBuffer()
    for entry in rest(after: reader.cursor) {
      if buffer.readableBytes > 0, buffer.readableBytes + entry.bytes.count > GatewayLimits.unreadEvents { break }
      buffer.writeBytes(entry.bytes)
      self.reader?.cursor = entry.sequence
    }
    guard buffer.readableBytes > 0 || end != nil else { return }
    self.reader?.waiting = nil
    self.reader?.unread -= buffer.readableBytes
    if buffer.readableBytes > 0 { take(.events(buffer)) } else if let end { take(.over(end)) }
  }

  private func regulate() {
    guard end == nil else { return }
    let isBehind = (reader?.unread ?? 0) >= GatewayLimits.unreadEvents
    guard isReading == isBehind else { return }
    isReading = !isBehind
    producer?.setReading(isReading)
  }

  /// An upstream's id that could be sent back in a header.
  private static func usable(_ id: String?) -> String? {
    guard let id, (1...GatewayLimits.upstreamEventID).contains(id.utf8.count),
      id.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return id
  }
}
