/// Writes heads into a buffer that is used again and again. What can't stand in a head is not written: `isValid` says so.
public struct HeadWriter: Sendable {
  /// What was written.
  public private(set) var bytes: [UInt8] = []
  /// Whether it may be sent.
  public private(set) var isValid = true

  /// Makes a writer.
  public init() {}

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
    let methodEnd = append(method)
    append(" ")
    let start = bytes.count
    let end = append(target)
    append(" HTTP/1.1\r\n")
    isValid =
      methodEnd > 0 && end > start && bytes[..<methodEnd].allSatisfy(ByteClass.isToken)
      && bytes[start..<end].allSatisfy(ByteClass.isTarget)
  }

  /// Begins with what another writer wrote, which was fit to be sent.
  public mutating func begin(with written: [UInt8]) {
    restart()
    bytes.append(contentsOf: written)
  }

  /// Adds a field whose name and value are known to be fit.
  public mutating func add(_ name: StaticString, _ value: StaticString) {
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  /// Adds a number.
  public mutating func add(_ name: StaticString, _ value: Int) {
    append(name)
    append(": ")
    append(number: value)
    append("\r\n")
  }

  /// Adds a field; a name that is no token, or a control character in the value, makes the head invalid.
  public mutating func add(_ name: String, _ value: String) {
    let start = bytes.count
    let colon = append(name)
    append(": ")
    if !ByteClass.isToken(bytes.span, start, colon) { isValid = false }
    finishField(value)
  }

  /// Adds a field whose name is known to be fit; a control character in the value makes the head invalid.
  public mutating func add(_ name: StaticString, _ value: String) {
    append(name)
    append(": ")
    finishField(value)
  }

  private mutating func finishField(_ value: String) {
    let start = bytes.count
    let end = append(value)
    append("\r\n")
    if !ByteClass.isValue(bytes.span, start, end) { isValid = false }
  }

  /// Adds all fields but those that frame the message, which is the codec's to do.
  public mutating func add(_ fields: HeaderFields) {
    if !fields.isSendable { isValid = false }
    if let written = fields.written { return bytes.append(contentsOf: written) }
    for entry in fields.entries {
      switch entry.known {
      case .contentLength, .transferEncoding, .connection, .keepAlive, .upgrade, .trailer: continue
      default: break
      }
      bytes.append(contentsOf: fields.bytes[entry.name])
      append(": ")
      bytes.append(contentsOf: fields.bytes[entry.value])
      append("\r\n")
    }
  }

  /// Ends the head.
  public mutating func end() { append("\r\n") }

  private mutating func restart() {
    bytes.removeAll(keepingCapacity: true)
    isValid = true
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// - Returns: Where it ends.
  private mutating func append(_ text: String) -> Int {
    // A view of a string is copied byte by byte; the bytes that it stands for, in one piece.
    if text.utf8.withContiguousStorageIfAvailable({ bytes.append(contentsOf: $0) }) == nil {
      bytes.append(contentsOf: text.utf8)
    }
    return bytes.count
  }

  private mutating func append(number: Int) {
    var (rest, digits) = (number.magnitude, 1)
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    if number < 0 { isValid = false }
    let end = bytes.count + digits
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
    rest = number.magnitude
    for index in 1...digits {
      bytes[end - index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
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
