/// Tells the media types that matter here from all others, bytewise.
public enum MediaType {
  /// `application/json`, with nothing but a UTF-8 charset after it.
  public static func isJSON(_ value: String?) -> Bool { value.map { isJSON(bytes: Array($0.utf8)[...]) } ?? false }

  /// The same of a field's bytes.
  public static func isJSON(bytes value: ArraySlice<UInt8>?) -> Bool {
    guard let value else { return false }
    if equal(value, json) { return true }
    guard `is`(value, json) else { return false }
    return value.split(separator: semicolon, omittingEmptySubsequences: false).dropFirst().allSatisfy { parameter in
      let parameter = trimmed(parameter)
      return equal(parameter, "charset=utf-8") || equal(parameter, "charset=\"utf-8\"")
    }
  }

  /// `application/json` with any parameters, as upstreams answer it and clients register with it.
  public static func isJSONAnswer(_ value: String?) -> Bool {
    value.map { isJSONAnswer(bytes: Array($0.utf8)[...]) } ?? false
  }

  /// The same of a field's bytes.
  public static func isJSONAnswer(bytes value: ArraySlice<UInt8>?) -> Bool { value.map { `is`($0, json) } ?? false }

  /// `text/event-stream` with any parameters.
  public static func isEventStream(_ value: String?) -> Bool {
    value.map { isEventStream(bytes: Array($0.utf8)[...]) } ?? false
  }

  /// The same of a field's bytes.
  public static func isEventStream(bytes value: ArraySlice<UInt8>?) -> Bool {
    value.map { `is`($0, eventStream) } ?? false
  }

  /// `application/x-www-form-urlencoded` with any parameters.
  public static func isForm(_ value: String?) -> Bool { value.map { `is`(Array($0.utf8)[...], form) } ?? false }

  private static let json: StaticString = "application/json"
  private static let eventStream: StaticString = "text/event-stream"
  private static let form: StaticString = "application/x-www-form-urlencoded"
  private static let semicolon = UInt8(ascii: ";")

  /// Whether the type in front of the parameters is this one.
  private static func `is`(_ value: ArraySlice<UInt8>, _ type: StaticString) -> Bool {
    // Most are a type and nothing else: then their lengths tell most of them apart.
    if value.count <= type.utf8CodeUnitCount { return equal(value, type) }
    return equal(trimmed(value.prefix { $0 != semicolon }), type)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var (first, last) = (bytes.startIndex, bytes.endIndex)
    while first < last, isBlank(bytes[first]) { first += 1 }
    while last > first, isBlank(bytes[last - 1]) { last -= 1 }
    return bytes[first..<last]
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// Compares without regard to ASCII case.
  private static func equal(_ bytes: ArraySlice<UInt8>, _ lowercased: StaticString) -> Bool {
    guard bytes.count == lowercased.utf8CodeUnitCount else { return false }
    return lowercased.withUTF8Buffer { wanted in
      bytes.withUnsafeBufferPointer { found in
        for index in wanted.indices where ASCIICase.lowercased(found[index]) != wanted[index] { return false }
        return true
      }
    }
  }
}
