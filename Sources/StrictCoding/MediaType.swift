/// Tells the media types that matter here from all others, bytewise.
public enum MediaType {
  /// `application/json`, with nothing but a UTF-8 charset after it.
  public static func isJSON(_ value: String?) -> Bool {
    guard let value else { return false }
    let parts = value.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
    guard parts.first == "application/json" else { return false }
    return parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
  }

  /// `application/json` with any parameters, as upstreams answer it and clients register with it.
  public static func isJSONAnswer(_ value: String?) -> Bool { essence(value) == "application/json" }

  /// `text/event-stream` with any parameters.
  public static func isEventStream(_ value: String?) -> Bool { essence(value) == "text/event-stream" }

  /// `application/x-www-form-urlencoded` with any parameters.
  public static func isForm(_ value: String?) -> Bool { essence(value) == "application/x-www-form-urlencoded" }

  private static func essence(_ value: String?) -> String? {
    value.map { trimmed($0.utf8.prefix { $0 != UInt8(ascii: ";") }) }
  }

  private static func trimmed(_ bytes: Substring.UTF8View) -> String {
    let space: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let text = bytes.drop(while: space).reversed().drop(while: space).reversed()
    return ASCIICase.lowercased(String(decoding: Array(text), as: UTF8.self))
  }
}
