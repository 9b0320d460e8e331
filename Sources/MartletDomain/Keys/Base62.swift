/// Letters and digits as a number system: no character that a shell, a URL or a double click stumbles over.
enum Base62 {
  private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  static func contains(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// So many random characters, each as likely as any other.
  static func random(_ count: Int, _ source: any RandomSource) -> [UInt8] {
    var made: [UInt8] = []
    while made.count < count {
      // 248 is the largest multiple of 62 in a byte: what lies above would favour the first characters.
      for byte in source.bytes(count - made.count) where byte < 248 { made.append(alphabet[Int(byte % 62)]) }
    }
    return made
  }

  /// A number, filled up with zeros.
  static func number(_ value: UInt64, digits: Int) -> [UInt8] {
    var rest = value
    var made: [UInt8] = []
    for _ in 0..<digits {
      made.append(alphabet[Int(rest % 62)])
      rest /= 62
    }
    return made.reversed()
  }
}

/// CRC-32 as Ethernet, zip and PNG have it.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ ($0 >> 8) }
  }
}
