/// Why an `Authorization` field cannot be used.
public enum AuthorizationHeaderError: Error, Sendable, Hashable {
  /// More than one field: which of them counts is a matter of opinion, so none does.
  case repeated
  /// Longer than 16 KiB.
  case tooLong
  /// A scheme that is neither Bearer nor Basic.
  case unsupportedScheme
  /// The credentials do not follow the scheme's grammar.
  case malformed
}
