/// Reads JSON so strictly that no other parser can see something else in what it accepted (RFC 8259).
///
/// Refused besides what the grammar refuses: keys that repeat after unescaping, a byte order mark, invalid UTF-8, lone
/// surrogates unless they may be mended, and anything over the limits. Numbers stay literals.
public enum JSONReader {
  /// Reads one JSON text.
  ///
  /// - Parameters:
  ///   - bytes: The whole text.
  ///   - limits: Bounds on size and shape.
  /// - Returns: The value.
  /// - Throws: `JSONError` with the first thing that is wrong.
  public static func parse(
    _ bytes: some Collection<UInt8>, limits: JSONLimits = .default
  ) throws(JSONError) -> JSONValue {
    try JSONTape(reading: Array(bytes), limits: limits).value(0)
  }

  /// Reads one JSON text from a string.
  ///
  /// - Throws: As ``parse(_:limits:)``.
  public static func parse(string: String, limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
    try parse(string.utf8, limits: limits)
  }
}
