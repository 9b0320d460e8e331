/// Why no key of an issuer can be had.
public enum JWKSError: Error, Hashable, Sendable {
  /// The issuer's current keys don't include the one asked for.
  case unknownKey
  /// The issuer's keys can't be had at present and no good ones are remembered.
  case unavailable(FetchError)
}
