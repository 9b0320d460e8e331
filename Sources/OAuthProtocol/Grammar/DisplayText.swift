import StrictCoding

/// Text that a stranger chose and a person will read.
enum DisplayText {
  /// One line of visible scalars, without spaces at its ends, 100 scalars at most.
  ///
  /// - Returns: Nil if nothing is left.
  static func cleaned(_ text: String) -> String? {
    let scalars = PlainText.sanitized(text, limit: 99).unicodeScalars
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    guard let first = scalars.firstIndex(where: { !isSpace($0) }),
      let last = scalars.lastIndex(where: { !isSpace($0) })
    else { return nil }
    return String(scalars[first...last])
  }
}
