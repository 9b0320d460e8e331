/// The recursive descent over one JSON text. Lives only as long as the buffer it reads.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  let limits: JSONLimits
  private(set) var offset = 0
  private var keys = 0
  private var values = 0

  init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  var count: Int { bytes.count }

  /// The byte at a place, or nil past the end: the only way to read, so nothing is read out of bounds.
  func byte(at index: Int) -> UInt8? {
    index >= 0 && index < bytes.count ? bytes[index] : nil
  }

  func slice(_ range: Range<Int>) -> Slice<UnsafeBufferPointer<UInt8>> {
    bytes[range.clamped(to: 0..<bytes.count)]
  }

  mutating func advance(to index: Int) {
    offset = index
  }

  func failure(_ code: JSONError.Code, at index: Int? = nil) -> JSONError {
    JSONError(code: code, offset: index ?? offset)
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if bytes.count > limits.totalBytes { throw failure(.tooLong, at: limits.totalBytes) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw failure(.byteOrderMark) }
    skipWhitespace()
    let value = try value(depth: 0)
    skipWhitespace()
    if offset < bytes.count { throw failure(.trailingBytes) }
    return value
  }

  mutating func skipWhitespace() {
    while let byte = byte(at: offset), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard let first = byte(at: offset) else { throw failure(.unexpectedEnd) }
    values += 1
    if values > limits.values { throw failure(.tooManyValues) }
    switch first {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "t"): return try literal("true", is: .bool(true))
    case UInt8(ascii: "f"): return try literal("false", is: .bool(false))
    case UInt8(ascii: "n"): return try literal("null", is: .null)
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    default: throw failure(.unexpectedByte)
    }
  }

  private mutating func literal(_ word: StaticString, is value: JSONValue) throws(JSONError) -> JSONValue {
    for expected in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
      guard let byte = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if byte != expected { throw failure(.unexpectedByte) }
      offset += 1
    }
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    if depth > limits.depth { throw failure(.tooDeep) }
    offset += 1
    skipWhitespace()
    var elements: [JSONValue] = []
    if byte(at: offset) == UInt8(ascii: "]") {
      offset += 1
      return elements
    }
    repeat {
      skipWhitespace()
      elements.append(try value(depth: depth))
    } while try separator(orEnd: UInt8(ascii: "]"))
    return elements
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    if depth > limits.depth { throw failure(.tooDeep) }
    offset += 1
    skipWhitespace()
    if byte(at: offset) == UInt8(ascii: "}") {
      offset += 1
      return JSONObject()
    }
    var members: [(key: String, value: JSONValue)] = []
    var seen = DistinctKeys()
    repeat {
      skipWhitespace()
      let start = offset
      guard let quote = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if quote != UInt8(ascii: "\"") { throw failure(.unexpectedByte) }
      let key = try string()
      keys += 1
      if keys > limits.keys { throw failure(.tooManyKeys, at: start) }
      if !seen.insert(key, after: members) { throw failure(.duplicateKey, at: start) }
      skipWhitespace()
      guard let colon = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if colon != UInt8(ascii: ":") { throw failure(.unexpectedByte) }
      offset += 1
      skipWhitespace()
      members.append((key, try value(depth: depth)))
    } while try separator(orEnd: UInt8(ascii: "}"))
    return JSONObject(distinct: members)
  }

  /// Steps over a comma (true) or the closing byte (false).
  private mutating func separator(orEnd end: UInt8) throws(JSONError) -> Bool {
    skipWhitespace()
    guard let byte = byte(at: offset) else { throw failure(.unexpectedEnd) }
    if byte != end && byte != UInt8(ascii: ",") { throw failure(.unexpectedByte) }
    offset += 1
    return byte != end
  }
}

/// Tells whether a key came before, without quadratic work on large objects.
private struct DistinctKeys {
  private static let linear = 16
  private var hashed: Set<ByteString> = []

  mutating func insert(_ key: String, after members: [(key: String, value: JSONValue)]) -> Bool {
    if members.count < Self.linear { return !members.contains { $0.key.equalsBytewise(key) } }
    if hashed.isEmpty { hashed = Set(members.map { ByteString($0.key) }) }
    return hashed.insert(ByteString(key)).inserted
  }
}
