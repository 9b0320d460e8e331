import HTTPWire
import OAuthProtocol

/// A URL of an upstream with what every request to it needs, worked out once.
final class UpstreamEndpoint: Sendable {
  let url: AbsoluteURL
  let destination: UpstreamDestination
  /// The value of `Host`.
  let authority: String
  /// Path and query.
  let target: String
  /// How the head of every message to it begins, as our own codec writes it; `nil` where it can't be written.
  let messageHead: [UInt8]?

  init(_ url: AbsoluteURL) {
    self.url = url
    destination = UpstreamDestination(url)
    authority = url.origin.authority
    target = url.requestTarget
    var writer = HeadWriter()
    writer.begin(method: OutboundRequest.Method.post.rawValue, target: target)
    writer.add("host", authority)
    OutboundRequest.Method.post.writeFields(to: &writer)
    messageHead = writer.isValid ? Array(writer.bytes) : nil
  }
}
