/// Text that strangers chose, made fit for one line of a log or a page.
///
/// Everything works on Unicode scalars: Swift sees CR LF as one `Character`, so a filter on characters would miss it.
public enum PlainText {
  /// Whether a text stands on one line for every reader: no C0 or C1 control, no U+2028 or U+2029.
  public static func isSingleLine(_ text: some StringProtocol) -> Bool {
    !text.unicodeScalars.contains { isControl($0) || isLineSeparator($0) }
  }

  /// Whether a text holds scalars that a reader can't see or that reorder what is seen: controls, bidi, zero-width,
  /// tags.
  public static func hidesCharacters(_ text: some StringProtocol) -> Bool {
    text.unicodeScalars.contains { !isVisible($0) }
  }

  /// The text for display: one line, only visible scalars, bounded.
  ///
  /// Line breaks and tabs become one space; other controls, bidi marks, zero-width scalars and tag characters vanish.
  /// HTML still has to be escaped where the text is put.
  ///
  /// - Parameters:
  ///   - text: What to show.
  ///   - limit: How many scalars may stay; a longer text ends in `…`.
  public static func sanitized(_ text: some StringProtocol, limit: Int = 200) -> String {
    var output = String.UnicodeScalarView()
    var count = 0
    var spacePending = false
    for scalar in text.unicodeScalars {
      if isLineSeparator(scalar) || (scalar.value >= 0x09 && scalar.value <= 0x0D) || scalar.value == 0x85 {
        spacePending = count > 0
        continue
      }
      guard isVisible(scalar) else { continue }
      if count + (spacePending ? 1 : 0) >= limit {
        output.append("…")
        break
      }
      if spacePending {
        output.append(" ")
        count += 1
        spacePending = false
      }
      output.append(scalar)
      count += 1
    }
    return String(output)
  }

  /// The bytes for display; invalid UTF-8 is repaired first.
  public static func sanitized(bytes: some Collection<UInt8>, limit: Int = 200) -> String {
    sanitized(String(decoding: bytes, as: UTF8.self), limit: limit)
  }

  /// The text for people who decide by it: its lines stay, and every scalar that can't be seen, or reorders what is seen,
  /// is shown as `⟨U+202E⟩`. HTML still has to be escaped where the text is put.
  public static func marked(_ text: some StringProtocol) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      if scalar.value == 0x0A || isVisible(scalar) {
        output.unicodeScalars.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        output += "⟨U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + "⟩"
      }
    }
    return output
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (scalar.value >= 0x7F && scalar.value < 0xA0)
  }

  private static func isLineSeparator(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == 0x2028 || scalar.value == 0x2029
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value >= 0x20 }
    if scalar.value >= 0xE0000 && scalar.value <= 0xE0FFF { return false }
    let properties = scalar.properties
    if properties.isDefaultIgnorableCodePoint { return false }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
    default: return true
    }
  }
}
