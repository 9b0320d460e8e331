import StrictCoding

/// The severity of a log message (RFC 5424 §6.2.1), from chatty to grave.
enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug
  case info
  case notice
  case warning
  case error
  case critical
  case alert
  case emergency

  /// Reads a level; bytewise.
  init?(_ value: JSONValue?) {
    guard let text = value?.stringValue,
      let level = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(text.utf8) })
    else { return nil }
    self = level
  }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}
