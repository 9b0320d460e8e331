/// Why a token, a key or a key set was refused.
public enum JOSEError: Error, Sendable, Hashable {
  /// Longer than 16 KiB.
  case tooLong
  /// Not three non-empty parts.
  case structure
  /// A part that is not canonical base64url.
  case encoding
  /// A header that is not strict JSON, or has a member of the wrong type.
  case header
  /// `alg` is `none`.
  case unsigned
  /// An algorithm that is not on the list.
  case unsupportedAlgorithm
  /// A header member that must not be there (`crit`, `jku`, `x5u`, `jwk`, `x5c`, `b64`, `zip`, `enc`).
  case forbiddenHeader(String)
  /// A payload that is not a strict JSON object.
  case payload
  /// A claim of the wrong type or out of range.
  case claim(String)
  /// A key that is malformed, too weak, private, or of an unsupported kind.
  case key
  /// A key set that is not an object with an array of at most 100 keys.
  case keySet
}
