/// Why bytes are not HTTP/1.1 as it is spoken here. The bytes up to the offending one decide, however they were cut.
public enum WireError: String, Error, Sendable, Hashable, CaseIterable {
  /// The method, the target or the blanks of a request line.
  case requestLine = "request_line"
  /// A version other than HTTP/1.0 and HTTP/1.1.
  case version
  /// The status line of an answer.
  case statusLine = "status_line"
  /// A field's name, or what stands between it and its colon.
  case fieldName = "field_name"
  /// A control character in a value.
  case fieldValue = "field_value"
  /// CR without LF, LF without CR.
  case lineEnd = "line_end"
  /// A line that goes on in the next one (RFC 9112 §5.2).
  case folding
  /// `Content-Length` and `Transfer-Encoding` that don't say plainly where the body ends.
  case framing
  /// A chunk, its extension, or what ends it.
  case chunk
  /// A trailer field that would change what the head said.
  case trailer
  /// The target is longer than the limit.
  case targetTooLong = "target_too_long"
  /// The fields are more, or longer, than the limits.
  case fieldsTooLarge = "fields_too_large"
}
