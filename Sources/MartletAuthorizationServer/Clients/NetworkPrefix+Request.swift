import MartletDomain
import OAuthClient

extension NetworkPrefix {
  /// The network of a request.
  init(of request: EndpointRequest) {
    self.init(bytes: SourceNetwork(customerAt: request.address).prefix.bytes)
  }
}
