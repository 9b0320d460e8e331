/// What standard and URL-safe base64 share: a table each, and strict canonical decoding.
struct Base64Alphabet: Sendable {
  let symbols: [UInt8]
  let values: [UInt8]
  static let invalid: UInt8 = 0xFF

  init(last two: StaticString) {
    var symbols = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    symbols += Array(two.description.utf8)
    var values = [UInt8](repeating: Self.invalid, count: 256)
    for (value, symbol) in symbols.enumerated() { values[Int(symbol)] = UInt8(truncatingIfNeeded: value) }
    self.symbols = symbols
    self.values = values
  }

  static let standard = Base64Alphabet(last: "+/")
  static let urlSafe = Base64Alphabet(last: "-_")

  func encode(_ bytes: [UInt8], padded: Bool) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count / 3 * 4 + 4)
    var accumulator: UInt32 = 0
    var bits = 0
    for byte in bytes {
      accumulator = (accumulator << 8 | UInt32(byte)) & 0xFFFF
      bits += 8
      while bits >= 6 {
        bits -= 6
        output.append(symbols[Int(accumulator >> UInt32(bits) & 0x3F)])
      }
    }
    if bits > 0 { output.append(symbols[Int(accumulator << UInt32(6 - bits) & 0x3F)]) }
    if padded { while output.count % 4 != 0 { output.append(UInt8(ascii: "=")) } }
    return String(decoding: output, as: UTF8.self)
  }

  /// Decodes unpadded symbols; nil for a foreign byte, an impossible length or pad bits that are not zero.
  func decode(_ symbols: ArraySlice<UInt8>) -> [UInt8]? {
    guard symbols.count % 4 != 1 else { return nil }
    var isCanonical = true
    let output = [UInt8](unsafeUninitializedCapacity: symbols.count / 4 * 3 + 2) { output, filled in
      symbols.withUnsafeBufferPointer { symbols in
        // A value has six bits, the mark of a foreign byte has all eight.
        var marks: UInt8 = 0
        var (index, word, bits) = (0, 0 as UInt32, 0 as UInt32)
        // Four symbols are three bytes.
        while index &+ 4 <= symbols.count {
          word = 0
          for symbol in index..<index &+ 4 { take(symbols[symbol], into: &word, &marks) }
          output[filled] = UInt8(truncatingIfNeeded: word >> 16)
          output[filled &+ 1] = UInt8(truncatingIfNeeded: word >> 8)
          output[filled &+ 2] = UInt8(truncatingIfNeeded: word)
          (index, filled) = (index &+ 4, filled &+ 3)
        }
        word = 0
        for symbol in index..<symbols.count {
          take(symbols[symbol], into: &word, &marks)
          bits &+= 6
        }
        while bits >= 8 {
          bits &-= 8
          output[filled] = UInt8(truncatingIfNeeded: word >> bits)
          filled &+= 1
        }
        isCanonical = marks < 0x40 && word & ((1 << bits) &- 1) == 0
      }
    }
    return isCanonical ? output : nil
  }

  @inline(__always)
  private func take(_ symbol: UInt8, into word: inout UInt32, _ marks: inout UInt8) {
    let value = values[Int(symbol)]
    marks |= value
    word = word << 6 | UInt32(value & 0x3F)
  }
}
