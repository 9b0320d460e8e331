import MartletDomain
import OAuthProtocol

extension OAuthError {
  /// A store or a fetch that fails says nothing about a credential: 503, never `invalid_grant` or `invalid_client`
  /// (T7).
  static func unavailable(_ reason: String) -> OAuthError {
    OAuthError(.temporarilyUnavailable, "please try again in a moment", reason: reason, retryAfterSeconds: 2)
  }

  /// The store doesn't answer.
  static func unavailable(_ error: StoreError) -> OAuthError { unavailable("store: \(error)") }

  /// No key to sign with.
  static func unavailable(_ error: SigningKeyError) -> OAuthError { unavailable("signing: \(error)") }

  /// The answer to a client that called an endpoint directly.
  ///
  /// Conforms to: RFC 6749 §5.2.
  ///
  /// - Parameter request: Tells whether the client tried HTTP Basic, which a 401 must then name.
  func response(to request: EndpointRequest) -> EndpointResponse {
    var response = EndpointResponse.json(httpStatus, json()).adding("pragma", "no-cache")
    if let retryAfterSeconds { response = response.adding("retry-after", String(retryAfterSeconds)) }
    if httpStatus == 401, !request.values("authorization").isEmpty {
      response = response.adding("www-authenticate", "Basic realm=\"martlet\", charset=\"UTF-8\"")
    }
    return response
  }

  /// The answer to any method but POST.
  static func methodNotAllowed() -> EndpointResponse {
    EndpointResponse.json(405, OAuthError(.invalidRequest, "this endpoint takes POST only").json())
      .adding("allow", "POST")
  }
}
