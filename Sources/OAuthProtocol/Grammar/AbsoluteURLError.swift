/// Why a string is not an acceptable absolute URL.
public enum AbsoluteURLError: Error, Sendable, Hashable {
  /// Empty, or longer than 4,096 bytes.
  case length
  /// A byte outside printable ASCII, a backslash, or one that RFC 3986 does not allow there.
  case character
  /// Not `http://` or `https://`.
  case scheme
  /// A `user@` part.
  case userInfo
  /// A `%` in the authority.
  case percentInAuthority
  /// No host, or neither a plain name nor a canonical address.
  case host
  /// A port that is empty, zero, beyond 65535 or has a leading zero.
  case port
  /// A `%` not followed by two hexadecimal digits.
  case percentEncoding
}
