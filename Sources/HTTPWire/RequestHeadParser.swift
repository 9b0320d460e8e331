/// Reads the head of a request from bytes that arrive in pieces.
///
/// Conforms to: RFC 9112 §2–§5, without what its §2.2 and §5.2 let a server tolerate: bare LF, folding, blanks before a
/// colon.
public struct RequestHeadParser: Sendable {
  /// Empty lines that may stand before a request (RFC 9112 §2.2): 2.
  public static let emptyLines = 2
  /// The methods that are understood; some only so far that they are answered with 405. At most eight letters each.
  public static let methods = [
    "POST", "GET", "DELETE", "OPTIONS", "HEAD", "PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "MKCOL", "COPY", "MOVE",
    "LOCK", "UNLOCK", "REPORT", "SEARCH", "QUERY",
  ]

  private struct RequestLine {
    var method: String
    var target: Range<Int>
    var isBeforeHTTP11: Bool
  }

  private let limits: HeadLimits
  private var lines: FieldLines
  private var line: RequestLine?
  private var cursor = 0
  private var skippedLines = 0
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
  public mutating func parse(_ bytes: Span<UInt8>) throws(WireError) -> RequestHead? {
    if line == nil {
      guard try skipEmptyLines(bytes), try readRequestLine(bytes) else { return nil }
    }
    while true {
      switch try lines.next(bytes, at: cursor) {
      case .needsMore: return nil
      case .field(let entry, let next):
        cursor = next
        if entry.known != nil || Self.counts(bytes, entry.name) { entries.append(entry) }
      case .end(let next): return try finish(bytes, end: next)
      }
    }
  }

  private mutating func skipEmptyLines(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
    while cursor < bytes.count {
      guard bytes[cursor] == Byte.carriageReturn else { return true }
      guard skippedLines < Self.emptyLines else { throw .requestLine }
      guard cursor &+ 1 < bytes.count else { return false }
      guard bytes[cursor &+ 1] == Byte.lineFeed else { throw .lineEnd }
      cursor &+= 2
      skippedLines &+= 1
    }
    return false
  }

  private mutating func readRequestLine(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
    guard let space = try methodEnd(bytes) else { return false }
    let method = try Self.method(bytes, cursor, space)
    guard let blank = try targetEnd(bytes, from: space &+ 1),
      let isBeforeHTTP11 = try Self.version(bytes, at: blank &+ 1)
    else { return false }
    let target = space &+ 1..<blank
    guard RequestTarget.isKnownForm(bytes, target, method: method) else { throw .requestLine }
    line = RequestLine(method: method, target: target, isBeforeHTTP11: isBeforeHTTP11)
    cursor = blank &+ 1 &+ Self.versionBytes
    entries.reserveCapacity(16)
    return true
  }

  private func methodEnd(_ bytes: Span<UInt8>) throws(WireError) -> Int? {
    var index = cursor
    while index < bytes.count {
      let byte = bytes[index]
      if byte == Byte.space, index > cursor { return index }
      guard byte >= UInt8(ascii: "A"), byte <= UInt8(ascii: "Z"), index &- cursor < 8 else { throw .requestLine }
      index &+= 1
    }
    return nil
  }

  private static func method(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(WireError) -> String {
    var word: UInt64 = 0
    for index in start..<end { word = word << 8 | UInt64(bytes[index]) }
    for method in methods where method.utf8.reduce(0, { $0 << 8 | UInt64($1) }) == word { return method }
    throw .requestLine
  }

  private func targetEnd(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> Int? {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == Byte.space, index > start { return index }
      guard ByteClass.isTarget(byte) else { throw .requestLine }
      guard index &- start < limits.targetBytes else { throw .targetTooLong }
      index &+= 1
    }
    return nil
  }

  /// `HTTP/1.1` and the end of the line.
  private static let versionBytes = 10

  /// Whether the version is HTTP/1.0; `nil` when the line isn't whole.
  private static func version(_ bytes: Span<UInt8>, at start: Int) throws(WireError) -> Bool? {
    guard try VersionText.matches(bytes, at: start) else { return nil }
    guard let end = try VersionText.byte(bytes, at: start &+ 8) else { return nil }
    guard end == Byte.carriageReturn else { throw end == Byte.lineFeed ? .lineEnd : .version }
    guard let last = try VersionText.byte(bytes, at: start &+ 9) else { return nil }
    guard last == Byte.lineFeed else { throw .lineEnd }
    return bytes[start &+ 7] == UInt8(ascii: "0")
  }

  private static func counts(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    bytes.extracting(range).withUnsafeBufferPointer { FieldName.counts($0) }
  }

  /// Makes it ready for another head.
  ///
  /// - Returns: What was read of this one.
  private mutating func restart() -> [HeaderFields.Entry] {
    lines.restart()
    (line, cursor, skippedLines) = (nil, 0, 0)
    var found: [HeaderFields.Entry] = []
    swap(&found, &entries)
    return found
  }

  private mutating func finish(_ bytes: Span<UInt8>, end: Int) throws(WireError) -> RequestHead? {
    guard let line else { return nil }
    let buffer = bytes.extracting(0..<end).withUnsafeBufferPointer { Array($0) }
    let fields = HeaderFields(head: buffer, entries: restart())
    return try RequestHead(
      method: line.method, target: buffer[line.target], isBeforeHTTP11: line.isBeforeHTTP11,
      fields: fields, byteCount: end)
  }
}

/// `HTTP/1.0` and `HTTP/1.1`: the versions that are spoken.
enum VersionText {
  /// Whether all of it stands at `start`; `false` when bytes are missing.
  static func matches(_ bytes: Span<UInt8>, at start: Int) throws(WireError) -> Bool {
    let text: StaticString = "HTTP/1."
    let available = min(bytes.count &- start, 8)
    guard available > 0 else { return false }
    let agrees = text.withUTF8Buffer { wanted in
      for index in 0..<min(available, wanted.count) where bytes[start &+ index] != wanted[index] { return false }
      return true
    }
    guard agrees else { throw .version }
    guard available == 8 else { return false }
    let minor = bytes[start &+ 7]
    guard minor == UInt8(ascii: "0") || minor == UInt8(ascii: "1") else { throw .version }
    return true
  }

  static func byte(_ bytes: Span<UInt8>, at index: Int) throws(WireError) -> UInt8? {
    index < bytes.count ? bytes[index] : nil
  }
}
