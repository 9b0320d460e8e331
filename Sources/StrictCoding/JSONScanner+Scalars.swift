extension JSONScanner {
  /// Reads a string whose opening quote is next. Most hold no escape: they are done where the first quote stands.
  mutating func string() throws(JSONError) {
    let start = offset + 1
    var isASCII = true
    let end = plainEnd(from: start, &isASCII)
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\""), isASCII, end - start <= limits.stringBytes else {
      return try unusualString()
    }
    append(.string, start..<end)
    advance(to: end + 1)
  }

  /// Reads any string whose opening quote is next.
  private mutating func unusualString() throws(JSONError) {
    let start = offset + 1
    var index = start
    var isASCII = true
    var escaped: [UInt8]?
    while true {
      index = plainEnd(from: index, &isASCII)
      guard let byte = byte(at: index) else { throw failure(.unexpectedEnd, at: index) }
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 { throw failure(.controlCharacter, at: index) }
      // Escapes are decoded once here to see that they can be, and again by whoever wants the text.
      var text = escaped ?? []
      text.append(contentsOf: slice((escaped == nil ? start : lastEscapeEnd)..<index))
      index = try escape(at: index, to: &text)
      lastEscapeEnd = index
      if text.count > limits.stringBytes { throw failure(.stringTooLong) }
      escaped = text
    }
    if var text = escaped {
      text.append(contentsOf: slice(lastEscapeEnd..<index))
      if text.count > limits.stringBytes { throw failure(.stringTooLong) }
      if !text.allSatisfy({ $0 < 0x80 }), String(validating: text, as: UTF8.self) == nil { throw failure(.invalidUTF8) }
    } else {
      if index - start > limits.stringBytes { throw failure(.stringTooLong) }
      if !isASCII, String(validating: slice(start..<index), as: UTF8.self) == nil { throw failure(.invalidUTF8) }
    }
    append(.string, start..<index, isVerbatim: escaped == nil, isASCII: isASCII)
    advance(to: index + 1)
  }

  /// The place of the next quote, backslash or control character: eight bytes at a step, 32 while nothing but plain ASCII
  /// comes.
  private func plainEnd(from start: Int, _ isASCII: inout Bool) -> Int {
    var index = start
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return index }
    let tops: UInt64 = 0x8080_8080_8080_8080
    var seen: UInt64 = 0
    while index &+ 8 <= bytes.count {
      let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
      let found = Self.ends(in: word)
      if found != 0 {
        let count = found.trailingZeroBitCount >> 3
        seen |= word & ~(~0 << UInt64(count &* 8))
        if seen & tops != 0 { isASCII = false }
        return index &+ count
      }
      seen |= word
      index &+= 8
      // Most strings end before that.
      if index &- start == 32 { Self.skipPlain(bytes, &index) }
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      seen |= UInt64(byte)
      index += 1
    }
    if seen & tops != 0 { isASCII = false }
    return index
  }

  /// Marks with its top bit each byte of a word that is a quote, a backslash or below 0x20, and perhaps bytes behind such a
  /// one: the lowest mark is right.
  @inline(__always)
  static func ends(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let ends = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- (ones &* 0x20)) & ~word
    return ends & (ones &* 0x80)
  }

  /// The same for the control character 0x7F, which may stand in a text but isn't written into one.
  @inline(__always)
  static func deletes(in word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let delete = word ^ (ones &* 0x7F)
    return (delete &- ones) & ~delete & (ones &* 0x80)
  }

  /// Goes on for as long as 32 bytes of nothing but plain ASCII come.
  @inline(__always)
  private static func skipPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return }
    while index &+ 32 <= bytes.count, isPlain(base + index), isPlain(base + index + 16) { index &+= 32 }
  }

  /// Whether sixteen bytes are ASCII without quote, backslash or control character.
  @inline(__always)
  private static func isPlain(_ place: UnsafeRawPointer) -> Bool {
    let first = place.loadUnaligned(as: UInt64.self)
    let second = place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    return (unusual(first) | unusual(second)) & 0x8080_8080_8080_8080 == 0
  }

  /// Has some byte's top bit set where one of them is none of those.
  @inline(__always)
  private static func unusual(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    return word | ((word ^ (ones &* 0x22)) &- ones) | ((word ^ (ones &* 0x5C)) &- ones) | (word &- (ones &* 0x20))
  }

  /// The text of a string that was read before.
  static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt8] {
    let scanner = JSONScanner(bytes: bytes, limits: JSONLimits(mendsSurrogates: true))
    var output: [UInt8] = []
    output.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      if bytes[index] == UInt8(ascii: "\\"), let next = try? scanner.escape(at: index, to: &output) {
        index = next
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
    return output
  }

  /// Decodes one escape and returns the place after it.
  private func escape(at index: Int, to output: inout [UInt8]) throws(JSONError) -> Int {
    guard let kind = byte(at: index + 1) else { throw failure(.unexpectedEnd, at: index) }
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(kind)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0C)
    case UInt8(ascii: "n"): output.append(0x0A)
    case UInt8(ascii: "r"): output.append(0x0D)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"): return try unicodeEscape(at: index, to: &output)
    default: throw failure(.invalidEscape, at: index)
    }
    return index + 2
  }

  private func unicodeEscape(at index: Int, to output: inout [UInt8]) throws(JSONError) -> Int {
    let first = try codeUnit(at: index)
    if let scalar = Unicode.Scalar(first) {
      output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      return index + 6
    }
    guard first < 0xDC00, byte(at: index + 6) == UInt8(ascii: "\\"), byte(at: index + 7) == UInt8(ascii: "u") else {
      return try mend(at: index, to: &output)
    }
    let second = try codeUnit(at: index + 6)
    guard second >= 0xDC00, second <= 0xDFFF,
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
    else { return try mend(at: index, to: &output) }
    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return index + 12
  }

  /// Takes the escape of half a surrogate pair, where that is allowed.
  private func mend(at index: Int, to output: inout [UInt8]) throws(JSONError) -> Int {
    guard limits.mendsSurrogates else { throw failure(.loneSurrogate, at: index) }
    output.append(contentsOf: UTF8.encodedReplacementCharacter)
    return index + 6
  }

  /// The four hexadecimal digits of the `\u` escape at a place.
  private func codeUnit(at index: Int) throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for place in (index + 2)..<(index + 6) {
      guard let digit = byte(at: place) else { throw failure(.unexpectedEnd, at: place) }
      guard let value = Hex.value(of: digit) else { throw failure(.invalidEscape, at: place) }
      unit = unit << 4 | UInt16(value)
    }
    return unit
  }

  /// Reads a number whose first byte is next.
  mutating func number() throws(JSONError) {
    let start = offset
    var index = start
    if byte(at: index) == UInt8(ascii: "-") { index += 1 }
    let leadingZero = byte(at: index) == UInt8(ascii: "0")
    let wholeEnd = try digits(from: index)
    if leadingZero && wholeEnd - index > 1 { throw failure(.invalidNumber) }
    index = wholeEnd
    if byte(at: index) == UInt8(ascii: ".") { index = try digits(from: index + 1) }
    if let mark = byte(at: index), mark | 0x20 == UInt8(ascii: "e") {
      index += 1
      if let sign = byte(at: index), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
      index = try digits(from: index)
    }
    if index - start > limits.numberBytes { throw failure(.numberTooLong) }
    append(.number, start..<index)
    advance(to: index)
  }

  /// Steps over one or more digits and returns the place after them.
  private func digits(from start: Int) throws(JSONError) -> Int {
    var index = start
    while let byte = byte(at: index), JSONNumberGrammar.isDigit(byte) { index += 1 }
    if index > start { return index }
    throw failure(byte(at: index) == nil ? .unexpectedEnd : .invalidNumber, at: index)
  }
}
