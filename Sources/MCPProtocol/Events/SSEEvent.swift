import StrictCoding

/// One server-sent event (WHATWG HTML, Server-sent events).
public struct SSEEvent: Sendable, Equatable {
  /// The `id` field of this event; nil where it has none.
  public var id: String?
  /// The event's type; nil means `message`.
  public var event: String?
  /// The data without the final line break; nil where the event has no `data` field, empty for a priming event.
  public var data: [UInt8]?
  /// The reconnection time in milliseconds, or nil.
  public var retry: Int?

  /// Makes an event.
  public init(id: String? = nil, event: String? = nil, data: [UInt8]? = nil, retry: Int? = nil) {
    self.id = id
    self.event = event
    self.data = data
    self.retry = retry
  }

  /// Makes a `message` event that carries a JSON-RPC message.
  public init(message: MCPMessage, id: String? = nil) {
    self.init(id: id, data: message.encoded())
  }

  /// A comment line that keeps a stream alive; no event for its reader.
  public static let keepAlive: [UInt8] = Array(": keep-alive\n\n".utf8)

  /// What a reader of messages hears; nil for an event without data, and for one of another type, such as `ping`, which
  /// every client passes over.
  public var messageData: [UInt8]? {
    guard let data, !data.isEmpty else { return nil }
    guard let event, !event.isEmpty else { return data }
    return event.equalsBytewise("message") ? data : nil
  }

  /// Whether nothing at all is set.
  public var isEmpty: Bool {
    id == nil && event == nil && data == nil && retry == nil
  }

  /// Encodes the event so that its reader sees exactly one.
  ///
  /// Line breaks in the data start new `data` lines; in the type they vanish. An id with a line break or NUL is left
  /// out, as a reader would not see it whole. An empty event gives no bytes.
  public func encoded() -> [UInt8] {
    if isEmpty { return [] }
    var output: [UInt8] = []
    output.reserveCapacity((data?.count ?? 0) + 64)
    if let event { Self.append("event", event.utf8.filter { !Self.isBreak($0) && $0 != 0 }[...], to: &output) }
    if let id, !id.utf8.contains(where: { Self.isBreak($0) || $0 == 0 }) {
      Self.append("id", Array(id.utf8)[...], to: &output)
    }
    if let retry, retry >= 0 { Self.append("retry", Array(String(retry).utf8)[...], to: &output) }
    if let data { Self.appendLines(data, to: &output) }
    if output.isEmpty { return [] }
    output.append(0x0A)
    return output
  }

  /// Compares bytewise.
  public static func == (lhs: SSEEvent, rhs: SSEEvent) -> Bool {
    lhs.data == rhs.data && lhs.retry == rhs.retry && lhs.id.map { ByteString($0) } == rhs.id.map { ByteString($0) }
      && lhs.event.map { ByteString($0) } == rhs.event.map { ByteString($0) }
  }

  private static func isBreak(_ byte: UInt8) -> Bool {
    byte == 0x0A || byte == 0x0D
  }

  private static func append(_ name: StaticString, _ value: ArraySlice<UInt8>, to output: inout [UInt8]) {
    output.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    output.append(UInt8(ascii: ":"))
    output.append(0x20)
    output.append(contentsOf: value)
    output.append(0x0A)
  }

  private static func appendLines(_ data: [UInt8], to output: inout [UInt8]) {
    var rest = data[...]
    while let end = rest.firstIndex(where: isBreak) {
      append("data", rest[..<end], to: &output)
      let isPair = rest[end] == 0x0D && end + 1 < rest.endIndex && rest[end + 1] == 0x0A
      rest = rest[(end + (isPair ? 2 : 1))...]
    }
    append("data", rest, to: &output)
  }
}
