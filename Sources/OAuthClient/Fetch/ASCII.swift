/// Trimming and numbers of protocol text by bytes, never by Unicode rules.
enum ASCII {
  static func trimmed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    return Array(Array(bytes.drop(while: blank)).reversed().drop(while: blank).reversed())
  }

  /// An unsigned decimal number of at most 18 digits.
  static func decimal(_ bytes: some Sequence<UInt8>) -> Int64? {
    let digits = Array(bytes)
    guard (1...18).contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    return digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
  }
}
