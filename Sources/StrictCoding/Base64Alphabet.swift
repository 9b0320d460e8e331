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
      var accumulator: UInt32 = 0
      var bits: UInt32 = 0
      var marks: UInt8 = 0
      for symbol in symbols {
        let value = values[Int(symbol)]
        // A value has six bits, the mark of a foreign byte has all eight.
        marks |= value
        accumulator = (accumulator << 6 | UInt32(value & 0x3F)) & 0x3FFF
        bits &+= 6
        if bits >= 8 {
          bits &-= 8
          output[filled] = UInt8(truncatingIfNeeded: accumulator >> bits)
          filled &+= 1
        }
      }
      isCanonical = marks < 0x40 && accumulator & ((1 << bits) &- 1) == 0
    }
    return isCanonical ? output : nil
  }
}
