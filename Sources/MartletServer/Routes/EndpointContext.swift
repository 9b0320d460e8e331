import Hummingbird
import Logging
import MartletDomain

/// Brings the request, as our listener read it, through the router.
struct EndpointContext: RequestContext {
  typealias Source = EndpointContextSource

  var coreContext: CoreRequestContextStorage
  let request: EndpointRequest

  init(source: EndpointContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    request = source.request
  }
}

/// Where the context comes from.
struct EndpointContextSource: RequestContextSource {
  let request: EndpointRequest
  let logger: Logger
}
