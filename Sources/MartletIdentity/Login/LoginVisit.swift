import MartletDomain
import StrictCoding

/// One request of a browser to a login page, with the browser known or newly named.
struct LoginVisit: Sendable {
  let request: EndpointRequest
  let browser: ArtefactDigest
  /// The cookie to set, for a browser that had none.
  let newBrowser: Secret?
}
