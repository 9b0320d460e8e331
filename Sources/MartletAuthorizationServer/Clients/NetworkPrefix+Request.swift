import MartletDomain
import OAuthClient

extension NetworkPrefix {
  /// The network of a request: an IPv4 /24 or an IPv6 /48, which is what one customer can have for the asking.
  init(of request: EndpointRequest) {
    self.init(bytes: SourceNetwork(address: request.address, ipv4Bytes: 3, ipv6Bytes: 6).prefix.bytes)
  }
}
