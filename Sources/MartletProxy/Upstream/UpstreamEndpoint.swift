import OAuthProtocol

/// A URL of an upstream with what every request to it needs, worked out once.
final class UpstreamEndpoint: Sendable {
  let url: AbsoluteURL
  let destination: UpstreamDestination
  /// The value of `Host`.
  let authority: String
  /// Path and query.
  let target: String

  init(_ url: AbsoluteURL) {
    self.url = url
    destination = UpstreamDestination(url)
    authority = url.origin.authority
    target = url.requestTarget
  }
}
