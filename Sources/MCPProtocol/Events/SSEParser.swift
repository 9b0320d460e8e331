/// Reads an event stream piece by piece (WHATWG HTML, Server-sent events, Interpreting an event stream).
///
/// CR, LF and CRLF end a line, also where a piece ends between CR and LF; a byte order mark at the start is skipped;
/// comments give nothing. Unlike a browser it yields events without data too, since a relay must pass on their `id`
/// and `retry`. Once it has thrown, it throws again.
public struct SSEParser: Sendable {
  private let limits: SSELimits
  private var line: [UInt8] = []
  private var isFirstLine = true
  private var endedInCarriageReturn = false
  private var current = SSEEvent()
  private var currentBytes = 0
  private var failure: SSEError?

  /// Makes a parser at the start of a stream.
  public init(limits: SSELimits = .default) {
    self.limits = limits
  }

  /// Whether the stream stopped inside an event, which a reader then drops.
  package var hasPartialEvent: Bool {
    !line.isEmpty || !current.isEmpty
  }

  /// Takes the next piece of the stream.
  ///
  /// - Parameter bytes: Any number of bytes, cut anywhere.
  /// - Returns: The events that this piece completed, in order.
  /// - Throws: `SSEError` where a limit is met; the stream has to be closed then.
  public mutating func feed(_ bytes: some Collection<UInt8>) throws(SSEError) -> [SSEEvent] {
    if let failure { throw failure }
    do throws(SSEError) {
      return try consume(Array(bytes)[...])
    } catch {
      failure = error
      throw error
    }
  }

  private mutating func consume(_ bytes: ArraySlice<UInt8>) throws(SSEError) -> [SSEEvent] {
    var events: [SSEEvent] = []
    var rest = bytes
    if endedInCarriageReturn, let first = rest.first {
      endedInCarriageReturn = false
      if first == 0x0A { rest.removeFirst() }
    }
    while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
      try appendToLine(rest[..<end])
      if let event = try endLine() { events.append(event) }
      let isReturn = rest[end] == 0x0D
      rest = rest[(end + 1)...]
      if isReturn {
        if rest.isEmpty { endedInCarriageReturn = true } else if rest.first == 0x0A { rest.removeFirst() }
      }
    }
    try appendToLine(rest)
    return events
  }

  private mutating func appendToLine(_ bytes: ArraySlice<UInt8>) throws(SSEError) {
    if line.count + bytes.count > limits.lineBytes { throw .lineTooLong }
    line.append(contentsOf: bytes)
  }

  private mutating func endLine() throws(SSEError) -> SSEEvent? {
    var content = line[...]
    if isFirstLine {
      isFirstLine = false
      if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
    }
    // A long line's memory is not kept: streams idle for hours.
    defer { line.removeAll(keepingCapacity: line.capacity <= 4096) }
    if content.isEmpty { return dispatch() }
    try takeField(content)
    return nil
  }

  private mutating func dispatch() -> SSEEvent? {
    defer {
      current = SSEEvent()
      currentBytes = 0
    }
    return current.isEmpty ? nil : current
  }

  private mutating func takeField(_ content: ArraySlice<UInt8>) throws(SSEError) {
    let colon = content.firstIndex(of: UInt8(ascii: ":")) ?? content.endIndex
    if colon == content.startIndex { return }
    var value = content[colon...].dropFirst()
    if value.first == 0x20 { value.removeFirst() }
    currentBytes += content.count + 1
    if currentBytes > limits.eventBytes { throw .eventTooLong }
    let name = content[..<colon]
    if name.elementsEqual("data".utf8) {
      takeData(value)
    } else if name.elementsEqual("event".utf8) {
      current.event = String(decoding: value, as: UTF8.self)
    } else if name.elementsEqual("id".utf8) {
      if !value.contains(0), let id = String(validating: value, as: UTF8.self) { current.id = id }
    } else if name.elementsEqual("retry".utf8) {
      takeRetry(value)
    }
  }

  private mutating func takeData(_ value: ArraySlice<UInt8>) {
    if current.data == nil {
      current.data = Array(value)
    } else {
      current.data?.append(0x0A)
      current.data?.append(contentsOf: value)
    }
  }

  private mutating func takeRetry(_ value: ArraySlice<UInt8>) {
    guard !value.isEmpty, value.count <= 9, value.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return }
    current.retry = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}
