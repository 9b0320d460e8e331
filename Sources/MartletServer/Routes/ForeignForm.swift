import MartletDomain
import StrictCoding

/// A form that a page of another site posted. It decides nothing, whatever it holds: the anti-forgery value and
/// `SameSite` are the walls, this is the fence before them (V-002, V-018c, N-25).
enum ForeignForm {
  /// Whether a POST comes from a page that isn't ours.
  ///
  /// - Parameter request: Its `Host` was admitted already. `Origin: null` is what browsers send for our own pages,
  ///   since these send no referrer.
  static func isForeign(_ request: EndpointRequest) -> Bool {
    if let site = request.header("sec-fetch-site").map({ ByteString($0) }), site != "same-origin", site != "none" {
      return true
    }
    let origins = request.values("origin").map { ByteString($0) }
    guard let origin = origins.first, origins.count == 1 else { return origins.count > 1 }
    guard origin != "null" else { return false }
    guard let host = request.header("host") else { return true }
    return !["https://", "http://"].contains { origin == ByteString($0 + host) }
  }

  /// The refusal.
  static func refusal(_ request: EndpointRequest) -> EndpointResponse {
    let page = MessagePage(
      title: "This form can’t be accepted", message: "The form was sent by a page of another site.",
      advice: "Go back to your app and connect again.", reference: request.id.string)
    return .page(403, Page(.message(page)))
  }
}
