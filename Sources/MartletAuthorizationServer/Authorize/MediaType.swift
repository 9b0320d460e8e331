/// The media types that our endpoints read, parameters aside.
enum MediaType {
  /// `application/x-www-form-urlencoded`.
  case form
  /// `application/json`.
  case json
  /// Anything else.
  case other

  /// Reads a `Content-Type` value.
  ///
  /// - Parameter value: The field's value, nil if it is missing or repeated.
  /// - Returns: Nil where there is no value.
  init?(_ value: String?) {
    guard let value else { return nil }
    let essence = value.utf8.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != UInt8(ascii: " ") && $0 != 0x09 }
    let lowered = essence.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    if lowered.elementsEqual("application/x-www-form-urlencoded".utf8) {
      self = .form
    } else if lowered.elementsEqual("application/json".utf8) {
      self = .json
    } else {
      self = .other
    }
  }
}
