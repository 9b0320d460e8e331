/// Why a form body or query was refused.
public enum FormError: Error, Equatable, Sendable {
  /// The whole input is longer than the limit.
  case tooLong
  /// There are more parameters than the limit.
  case tooManyParameters
  /// A name is longer than the limit.
  case nameTooLong
  /// A value is longer than the limit.
  case valueTooLong
  /// A `%` is not followed by two hexadecimal digits.
  case invalidEscape
  /// A decoded name or value is not UTF-8, or holds NUL.
  case invalidText
  /// A parameter that may stand once stands more than once (RFC 6749 §3.1, §3.2); the name is the one that was asked
  /// for.
  case repeated(String)
}
