import OAuthProtocol

/// Why metadata of an issuer or resource can't be used.
public enum DiscoveryError: Error, Equatable, Sendable {
  /// The identifier isn't an absolute URL without query and fragment.
  case invalidIdentifier
  /// It can't be had at present; try later.
  case unavailable(FetchError)
  /// No document at any of the well-known places.
  case notFound
  /// A document speaks for somebody else.
  case identifierMismatch
  /// The server doesn't say that it supports PKCE with S256.
  case noPKCE
  /// The document isn't usable metadata.
  case malformed
  /// An https issuer names an endpoint without https, or none where one is needed.
  case insecureEndpoint(String)
}
