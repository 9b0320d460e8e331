/// Whole numbers as people write them.
enum DecimalText {
  /// Reads up to nine digits and nothing else.
  static func parse(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }
}
