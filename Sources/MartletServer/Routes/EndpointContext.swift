import Hummingbird
import Logging
import MartletDomain

/// Brings the request, as our listener read it, through the router.
struct EndpointContext: RequestContext {
  typealias Source = EndpointContextSource

  var coreContext: CoreRequestContextStorage
  let request: EndpointRequest
  /// What the listener answers in the endpoint's place.
  let refusal: EndpointResponse?

  init(source: EndpointContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    request = source.request
    refusal = source.refusal
  }
}

/// Where the context comes from.
struct EndpointContextSource: RequestContextSource {
  let request: EndpointRequest
  let refusal: EndpointResponse?
  let logger: Logger
}
