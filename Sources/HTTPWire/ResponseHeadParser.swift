/// Reads the head of an answer from bytes that arrive in pieces.
///
/// Conforms to: RFC 9112 §2, §4, §5, as strict as for requests. A status line may lack the blank before an absent reason.
public struct ResponseHeadParser: Sendable {
  private let limits: HeadLimits
  private var lines: FieldLines
  private var status: (code: Int, isBeforeHTTP11: Bool)?
  private var cursor = 0
  private var entries: [HeaderFields.Entry] = []

  /// Makes a parser.
  public init(limits: HeadLimits) {
    self.limits = limits
    lines = FieldLines(limits: limits)
  }

  /// Reads on.
  ///
  /// - Parameter bytes: Everything that is unread, from the first byte of the head: each time a longer piece of the same.
  /// - Returns: The head when it is whole; then the parser is ready for another.
  /// - Throws: `WireError`; nothing more can be read from there.
  public mutating func parse(_ bytes: Span<UInt8>) throws(WireError) -> ResponseHead? {
    if status == nil {
      guard try readStatusLine(bytes) else { return nil }
    }
    while true {
      switch try lines.next(bytes, at: cursor) {
      case .needsMore: return nil
      case .field(let entry, let next):
        cursor = next
        entries.append(entry)
      case .end(let next): return try finish(bytes, end: next)
      }
    }
  }

  private mutating func readStatusLine(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
    guard try VersionText.matches(bytes, at: 0) else { return false }
    guard let blank = try VersionText.byte(bytes, at: 8) else { return false }
    guard blank == Byte.space else { throw .statusLine }
    var code = 0
    for index in 9..<12 {
      guard let digit = try VersionText.byte(bytes, at: index) else { return false }
      guard ByteClass.isDigit(digit), index > 9 || digit != UInt8(ascii: "0") else { throw .statusLine }
      code = code &* 10 &+ Int(digit &- UInt8(ascii: "0"))
    }
    guard let end = try lineEnd(bytes, from: 12) else { return false }
    status = (code, bytes[7] == UInt8(ascii: "0"))
    cursor = end
    entries.reserveCapacity(8)
    return true
  }

  /// Where the line after the status line begins.
  private func lineEnd(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> Int? {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == Byte.carriageReturn {
        guard index &+ 1 < bytes.count else { return nil }
        guard bytes[index &+ 1] == Byte.lineFeed else { throw .lineEnd }
        return index &+ 2
      }
      if byte == Byte.lineFeed { throw .lineEnd }
      guard index > start ? ByteClass.isText(byte) || byte >= 0x80 : byte == Byte.space else { throw .statusLine }
      guard index &- start <= limits.targetBytes else { throw .fieldsTooLarge }
      index &+= 1
    }
    return nil
  }

  /// Makes it ready for another head.
  ///
  /// - Returns: What was read of this one.
  private mutating func restart() -> [HeaderFields.Entry] {
    lines.restart()
    (status, cursor) = (nil, 0)
    var found: [HeaderFields.Entry] = []
    swap(&found, &entries)
    return found
  }

  private mutating func finish(_ bytes: Span<UInt8>, end: Int) throws(WireError) -> ResponseHead? {
    guard let status else { return nil }
    let buffer = bytes.extracting(0..<end).withUnsafeBufferPointer { Array($0) }
    let fields = HeaderFields(head: buffer, entries: restart())
    return ResponseHead(
      status: status.code, isBeforeHTTP11: status.isBeforeHTTP11, fields: fields,
      framing: try fields.responseFraming(status: status.code, isBeforeHTTP11: status.isBeforeHTTP11),
      keepsConnection: fields.keepsConnection(isBeforeHTTP11: status.isBeforeHTTP11), byteCount: end)
  }
}
