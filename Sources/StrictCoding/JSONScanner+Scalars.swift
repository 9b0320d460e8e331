extension JSONScanner {
  /// Reads a string whose opening quote is next.
  mutating func string() throws(JSONError) -> String {
    let start = offset + 1
    var index = start
    while let byte = byte(at: index) {
      if byte == UInt8(ascii: "\"") {
        if index - start > limits.stringBytes { throw failure(.stringTooLong) }
        guard let text = String(validating: slice(start..<index), as: UTF8.self) else { throw failure(.invalidUTF8) }
        advance(to: index + 1)
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start, firstEscape: index) }
      if byte < 0x20 { throw failure(.controlCharacter, at: index) }
      index += 1
    }
    throw failure(.unexpectedEnd, at: index)
  }

  private mutating func escapedString(from start: Int, firstEscape: Int) throws(JSONError) -> String {
    var output = Array(slice(start..<firstEscape))
    var index = firstEscape
    while let byte = byte(at: index) {
      if output.count > limits.stringBytes { throw failure(.stringTooLong) }
      if byte == UInt8(ascii: "\"") {
        guard let text = String(validating: output, as: UTF8.self) else { throw failure(.invalidUTF8) }
        advance(to: index + 1)
        return text
      }
      if byte == UInt8(ascii: "\\") {
        index = try escape(at: index, to: &output)
      } else if byte < 0x20 {
        throw failure(.controlCharacter, at: index)
      } else {
        output.append(byte)
        index += 1
      }
    }
    throw failure(.unexpectedEnd, at: index)
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
      throw failure(.loneSurrogate, at: index)
    }
    let second = try codeUnit(at: index + 6)
    guard second >= 0xDC00, second <= 0xDFFF,
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
    else { throw failure(.loneSurrogate, at: index) }
    output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    return index + 12
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
  mutating func number() throws(JSONError) -> JSONNumber {
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
    advance(to: index)
    return JSONNumber(scanned: String(decoding: slice(start..<index), as: UTF8.self))
  }

  /// Steps over one or more digits and returns the place after them.
  private func digits(from start: Int) throws(JSONError) -> Int {
    var index = start
    while let byte = byte(at: index), JSONNumberGrammar.isDigit(byte) { index += 1 }
    if index > start { return index }
    throw failure(byte(at: index) == nil ? .unexpectedEnd : .invalidNumber, at: index)
  }
}
