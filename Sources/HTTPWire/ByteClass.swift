/// What a byte may be in a head, decided by constants: no table, no branch on its value.
enum ByteClass {
  /// A character of a token (RFC 9110 §5.6.2): of a method or a field's name.
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    let set: UInt64 = byte < 64 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
    return byte < 128 && (set >> UInt64(byte & 63)) & 1 == 1
  }

  /// A character of a request target: visible ASCII without `#`, since no form of a target has a fragment.
  @inline(__always)
  static func isTarget(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#") }

  /// Visible ASCII, space or tab.
  @inline(__always)
  static func isText(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte < 0x7F) || byte == Byte.tab }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == Byte.space || byte == Byte.tab }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// The value of a hexadecimal digit.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> Int? {
    if isDigit(byte) { return Int(byte &- UInt8(ascii: "0")) }
    let letter = byte | 0x20
    return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "f") ? Int(letter &- UInt8(ascii: "a")) + 10 : nil
  }

  @inline(__always)
  static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

  /// Whether bytes are a token: of one character at least.
  static func isToken(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var index = start
    while index < end, isToken(bytes[index]) { index &+= 1 }
    return index == end && start < end
  }

  /// Whether bytes may stand as a field's value: no control character but tabs.
  static func isValue(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var index = firstControl(in: bytes, from: start, to: end)
    while index < end {
      guard bytes[index] == Byte.tab else { return false }
      index = firstControl(in: bytes, from: index &+ 1, to: end)
    }
    return true
  }

  /// The index of the first control character (below 0x20, or 0x7F), or `end`. Eight bytes at a time, 32 while nothing
  /// but ASCII comes.
  static func firstControl(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let raw = bytes.bytes
    // Nothing is read beyond the bytes; nobody asks for it, and what can't be looked at isn't fit.
    guard start >= 0, end <= raw.byteCount else { return start }
    var index = start
    while index &+ 32 <= end, !hasUnusual(raw, index), !hasUnusual(raw, index &+ 16) { index &+= 32 }
    while index &+ 8 <= end {
      let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
      let flags = controls(in: word)
      if flags != 0 { return index &+ flags.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < end, bytes[index] >= 0x20, bytes[index] != 0x7F { index &+= 1 }
    return index
  }

  /// Whether a control character or one beyond ASCII is among sixteen bytes.
  @inline(__always)
  private static func hasUnusual(_ raw: RawSpan, _ index: Int) -> Bool {
    let first = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    let second = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index &+ 8, as: UInt64.self)
    return (unusual(first) | unusual(second)) & 0x8080_8080_8080_8080 != 0
  }

  /// Has some high bit set where a byte is a control character or beyond ASCII.
  @inline(__always)
  private static func unusual(_ word: UInt64) -> UInt64 {
    word | (word &- 0x2020_2020_2020_2020) | ((word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101)
  }

  /// Letters of eight bytes in lower case, all other bytes as they are.
  @inline(__always)
  static func lower(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7F)
    // A byte's high bit: set by the first sum from `A` on, by the second beyond `Z`.
    let upper = (low &+ ones &* (0x80 - 0x41)) & ~(low &+ ones &* (0x80 - 0x5B)) & ~word & (ones &* 0x80)
    return word | upper >> 2
  }

  /// Marks control characters of a word with their high bit; only the lowest mark is exact.
  @inline(__always)
  private static func controls(in word: UInt64) -> UInt64 {
    let high: UInt64 = 0x8080_8080_8080_8080
    let below = (word &- 0x2020_2020_2020_2020) & ~word
    let mixed = word ^ 0x7F7F_7F7F_7F7F_7F7F
    let delete = (mixed &- 0x0101_0101_0101_0101) & ~mixed
    return (below | delete) & high
  }
}

/// Bytes with a name.
enum Byte {
  static let tab = UInt8(ascii: "\t")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let colon = UInt8(ascii: ":")
  static let semicolon = UInt8(ascii: ";")
  static let quote = UInt8(ascii: "\"")
  static let comma = UInt8(ascii: ",")
  static let underscore = UInt8(ascii: "_")
}
