/// Writes heads into a buffer that is used again and again. What can't stand in a head is not written: `isValid` says so.
public struct HeadWriter: Sendable {
  /// Memory that is written to from its beginning, and what of it is written.
  private var memory: [UInt8] = []
  private var filled = 0
  /// Whether it may be sent.
  public private(set) var isValid = true

  /// Makes a writer.
  public init() {}

  /// What was written.
  public var bytes: ArraySlice<UInt8> { memory[..<filled] }

  /// How many bytes were written.
  public var count: Int { filled }

  /// Begins an answer.
  public mutating func begin(status: Int) {
    restart()
    if status == 200 { return append("HTTP/1.1 200 OK\r\n") }
    append("HTTP/1.1 ")
    append(number: status)
    append(" ")
    append(StatusText.reason(status))
    append("\r\n")
    if !(100...999).contains(status) { isValid = false }
  }

  /// Begins a request.
  ///
  /// - Parameters:
  ///   - method: A token.
  ///   - target: Visible ASCII.
  public mutating func begin(method: String, target: String) {
    restart()
    Self.withBytes(of: method) { append($0) }
    let methodEnd = filled
    append(" ")
    let start = filled
    Self.withBytes(of: target) { append($0) }
    let targetEnd = filled
    append(" HTTP/1.1\r\n")
    isValid =
      methodEnd > 0 && targetEnd > start && memory[..<methodEnd].allSatisfy(ByteClass.isToken)
      && memory[start..<targetEnd].allSatisfy(ByteClass.isTarget)
  }

  /// Begins with what another writer wrote, which was fit to be sent.
  public mutating func begin(with written: [UInt8]) {
    restart()
    written.withUnsafeBytes { append($0) }
  }

  /// Adds a field whose name and value are known to be fit.
  public mutating func add(_ name: StaticString, _ value: StaticString) {
    value.withUTF8Buffer { value in addFit(name, UnsafeRawBufferPointer(value)) }
  }

  /// Adds a number.
  public mutating func add(_ name: StaticString, _ value: Int) {
    append(name)
    append(": ")
    append(number: value)
    append("\r\n")
  }

  /// Adds a field; a name that is no token, or a control character in the value, makes the head invalid.
  public mutating func add(named name: String, _ value: String) {
    let start = filled
    Self.withBytes(of: name) { name in
      Self.withBytes(of: value) { addField(name, $0) }
      if !ByteClass.isToken(memory.span, start, start &+ name.count) { isValid = false }
      if !ByteClass.isValue(memory.span, start &+ name.count &+ 2, filled &- 2) { isValid = false }
    }
  }

  /// Adds a field whose name is known to be fit; a control character in the value makes the head invalid.
  public mutating func add(_ name: StaticString, _ value: String) {
    let start = filled &+ name.utf8CodeUnitCount &+ 2
    Self.withBytes(of: value) { addFit(name, $0) }
    if !ByteClass.isValue(memory.span, start, filled &- 2) { isValid = false }
  }

  /// Adds all fields but those that frame the message, which is the codec's to do.
  public mutating func add(_ fields: HeaderFields) {
    if !fields.isSendable { isValid = false }
    if let written = fields.written { return written.withUnsafeBytes { append($0) } }
    fields.bytes.withUnsafeBytes { bytes in
      for entry in fields.entries {
        switch entry.known {
        case .contentLength, .transferEncoding, .connection, .keepAlive, .upgrade, .trailer: continue
        default: break
        }
        addField(
          UnsafeRawBufferPointer(rebasing: bytes[entry.name]), UnsafeRawBufferPointer(rebasing: bytes[entry.value]))
      }
    }
  }

  /// Ends the head.
  public mutating func end() { append("\r\n") }

  private mutating func restart() {
    filled = 0
    isValid = true
  }

  private mutating func addFit(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    name.withUTF8Buffer { name in addField(UnsafeRawBufferPointer(name), value) }
  }

  private mutating func addField(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    write(name.count &+ value.count &+ 4) { place in
      place.copyMemory(from: name)
      place[name.count] = Byte.colon
      place[name.count &+ 1] = Byte.space
      UnsafeMutableRawBufferPointer(rebasing: place[(name.count &+ 2)...]).copyMemory(from: value)
      place[place.count &- 2] = Byte.carriageReturn
      place[place.count &- 1] = Byte.lineFeed
    }
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
  }

  private mutating func append(_ piece: UnsafeRawBufferPointer) {
    write(piece.count) { $0.copyMemory(from: piece) }
  }

  private mutating func append(number: Int) {
    var (rest, digits) = (number.magnitude, 1)
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    if number < 0 { isValid = false }
    write(digits) { place in
      var rest = number.magnitude
      for index in 1...digits {
        place[digits - index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
    }
  }

  /// Writes so many bytes: what an array does for each piece that it is given costs more than most pieces do.
  private mutating func write(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = filled
    if memory.count &- start < count {
      memory.append(contentsOf: repeatElement(0, count: max(512, memory.count, count)))
    }
    memory.withUnsafeMutableBytes { body(UnsafeMutableRawBufferPointer(rebasing: $0[start..<(start &+ count)])) }
    filled = start &+ count
  }

  private static func withBytes(of text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
    if text.utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) == nil {
      withPieces(of: text, body)
    }
  }

  /// Text that doesn't lie in one piece. Apart, since every text would be held for it.
  @inline(never)
  private static func withPieces(of text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
    Array(text.utf8).withUnsafeBytes { body($0) }
  }
}

/// The usual words behind a status; nobody may decide by them.
enum StatusText {
  static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status"
    }
  }
}
