/// The recursive descent over one JSON text; writes down on a tape what stands where. Reads only as long as the buffer
/// lives.
struct JSONScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let limits: JSONLimits
  private(set) var offset = 0
  private(set) var entries: [JSONTape.Entry] = []
  private(set) var hasUnusualKeys = false
  private var keys = 0
  /// Where the escape that was read last ends.
  var lastEscapeEnd = 0
  private var values = 0
  /// The texts of the keys of objects that have many, by the object's entry.
  fileprivate var manyKeys: [Int: Set<ByteString>] = [:]

  init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  var count: Int { bytes.count }

  /// The byte at a place, or nil past the end: the only way to read, so nothing is read out of bounds.
  @inline(__always)
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

  mutating func document() throws(JSONError) {
    if bytes.count > min(limits.totalBytes, Int(Int32.max)) { throw failure(.tooLong, at: limits.totalBytes) }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw failure(.byteOrderMark) }
    // 62 of them with what an array keeps beside them: the most that the allocator has at hand, 1 KiB.
    entries.reserveCapacity(min(62, bytes.count / 8 + 4))
    skipWhitespace()
    try value(depth: 0)
    skipWhitespace()
    if offset < bytes.count { throw failure(.trailingBytes) }
  }

  /// Writes an entry down.
  mutating func append(_ kind: JSONTape.Kind, _ range: Range<Int>, isVerbatim: Bool = true, isASCII: Bool = true) {
    entries.append(
      JSONTape.Entry(
        start: UInt32(range.lowerBound), end: UInt32(range.upperBound), next: UInt32(entries.count + 1), kind: kind,
        isVerbatim: isVerbatim, isASCII: isASCII))
  }

  mutating func skipWhitespace() {
    while let byte = byte(at: offset), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func value(depth: Int) throws(JSONError) {
    guard let first = byte(at: offset) else { throw failure(.unexpectedEnd) }
    values += 1
    if values > limits.values { throw failure(.tooManyValues) }
    switch first {
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "{"): try object(depth: depth + 1)
    case UInt8(ascii: "["): try array(depth: depth + 1)
    case UInt8(ascii: "t"): try literal("true", .bool)
    case UInt8(ascii: "f"): try literal("false", .bool)
    case UInt8(ascii: "n"): try literal("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: try number()
    default: throw failure(.unexpectedByte)
    }
  }

  private mutating func literal(_ word: StaticString, _ kind: JSONTape.Kind) throws(JSONError) {
    let start = offset
    for expected in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
      guard let byte = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if byte != expected { throw failure(.unexpectedByte) }
      offset += 1
    }
    append(kind, start..<offset)
  }

  private mutating func array(depth: Int) throws(JSONError) {
    if depth > limits.depth { throw failure(.tooDeep) }
    let index = open(.array)
    skipWhitespace()
    if byte(at: offset) == UInt8(ascii: "]") {
      offset += 1
      return close(index)
    }
    repeat {
      skipWhitespace()
      try value(depth: depth)
    } while try separator(orEnd: UInt8(ascii: "]"))
    close(index)
  }

  private mutating func object(depth: Int) throws(JSONError) {
    if depth > limits.depth { throw failure(.tooDeep) }
    let index = open(.object)
    skipWhitespace()
    if byte(at: offset) == UInt8(ascii: "}") {
      offset += 1
      return close(index)
    }
    var seen = DistinctKeys(object: index)
    repeat {
      skipWhitespace()
      let start = offset
      guard let quote = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if quote != UInt8(ascii: "\"") { throw failure(.unexpectedByte) }
      let key = entries.count
      try string()
      keys += 1
      if keys > limits.keys { throw failure(.tooManyKeys, at: start) }
      if !entries[key].isVerbatim || !entries[key].isASCII { hasUnusualKeys = true }
      if !seen.insert(key, of: &self) { throw failure(.duplicateKey, at: start) }
      skipWhitespace()
      guard let colon = byte(at: offset) else { throw failure(.unexpectedEnd) }
      if colon != UInt8(ascii: ":") { throw failure(.unexpectedByte) }
      offset += 1
      skipWhitespace()
      try value(depth: depth)
    } while try separator(orEnd: UInt8(ascii: "}"))
    close(index)
  }

  /// Steps over an opening byte.
  private mutating func open(_ kind: JSONTape.Kind) -> Int {
    append(kind, offset..<offset)
    offset += 1
    return entries.count - 1
  }

  private mutating func close(_ index: Int) {
    entries[index].end = UInt32(offset)
    entries[index].next = UInt32(entries.count)
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

/// Tells whether a key came before in its object, without quadratic work on large objects.
private struct DistinctKeys {
  private static let linear = 16
  private let object: Int
  private var count = 0

  init(object: Int) { self.object = object }

  /// - Parameter scanner: Holds the keys, and the texts of many.
  mutating func insert(_ key: Int, of scanner: inout JSONScanner) -> Bool {
    defer { count += 1 }
    if count < Self.linear {
      var other = object + 1
      while other < key {
        if scanner.areSame(other, key) { return false }
        other = Int(scanner.entries[other + 1].next)
      }
      return true
    }
    if count == Self.linear {
      var other = object + 1
      while other < key {
        scanner.manyKeys[object, default: []].insert(ByteString(scanner.unescaped(other)))
        other = Int(scanner.entries[other + 1].next)
      }
    }
    let text = ByteString(scanner.unescaped(key))
    return scanner.manyKeys[object, default: []].insert(text).inserted
  }
}

extension JSONScanner {
  /// Whether two strings are the same text.
  fileprivate func areSame(_ left: Int, _ right: Int) -> Bool {
    let (first, second) = (entries[left], entries[right])
    guard first.isVerbatim, second.isVerbatim else { return unescaped(left) == unescaped(right) }
    guard first.end &- first.start == second.end &- second.start else { return false }
    return UnsafeBufferPointer(rebasing: slice(first.range))
      .holdsSame(as: UnsafeBufferPointer(rebasing: slice(second.range)))
  }

  fileprivate func unescaped(_ index: Int) -> [UInt8] {
    let entry = entries[index]
    return entry.isVerbatim ? Array(slice(entry.range)) : Self.unescaped(bytes, entry.range)
  }
}
